"""What is odd about a delivered document, by name; counted from the document itself, so that the count cannot lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# Kinds that a document shows by itself. Kinds of files and of repetition are counted where they are made.
OF_DOCUMENTS = (
    "patreon_status_missing", "country_missing", "country_unk", "updated_at_missing", "update_at_instead", "update_at_beside",
    "multiple_votes_missing", "description_empty", "options_missing", "english_missing", "poll_with_one_option",
    "withdrawn_vote", "orphan_vote", "orphan_comment", "date_as_number_long", "new_nested_field",
)
OF_DELIVERIES = (
    "comment_posted_twice", "comment_edited", "vote_changed", "late_document", "out_of_order", "document_twice_in_file",
    "document_in_two_files", "same_content_two_names", "one_document_per_line", "truncated_file", "empty_file",
    "line_not_json", "element_not_json",
)


def kinds(collection: str, document: dict[str, Any]) -> Iterator[str]:
    """The kinds of dirt in a document, one per case."""
    if "updated_at" not in document:
        yield "updated_at_missing"
    if "$numberLong" in str(document["created_at"]):
        yield "date_as_number_long"
    if "look_a_new_field" in document["_id"]:
        yield "new_nested_field"
    of_collection = {"users": _of_user, "posts": _of_post, "posts_comments": _of_comment, "votes": _of_vote}
    yield from of_collection[collection](document)


def _of_user(document: dict[str, Any]) -> Iterator[str]:
    if "patreon_status" not in document:
        yield "patreon_status_missing"
    if document.get("country") is None:
        yield "country_missing"
    if document.get("country") == "UNK":
        yield "country_unk"


def _of_post(document: dict[str, Any]) -> Iterator[str]:
    is_poll = document["type"] == "poll"
    if "multiple_votes" not in document:
        yield "multiple_votes_missing"
    if not any(translation["language"] == "en" for translation in document["translations"]):
        yield "english_missing"
    if any(len(translation.get("options", ())) == 1 for translation in document["translations"]):
        yield "poll_with_one_option"
    for translation in document["translations"]:
        if "update_at" in translation:
            yield "update_at_beside" if "updated_at" in translation else "update_at_instead"
        if not translation["description"]:
            yield "description_empty"
        if is_poll and "options" not in translation:
            yield "options_missing"


def _of_comment(document: dict[str, Any]) -> Iterator[str]:
    if document["post_id"]["$oid"].startswith("00000000dead"):
        yield "orphan_comment"


def _of_vote(document: dict[str, Any]) -> Iterator[str]:
    if not document["votes"]:
        yield "withdrawn_vote"
    if document["post_id"]["$oid"].startswith("00000000dead"):
        yield "orphan_vote"
