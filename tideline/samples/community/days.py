"""A day's delivery: full exports on day 1, then what is new, changed or late, with the mishaps of files in turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time
from typing import Any

from tideline.samples.community import dirt
from tideline.samples.community.layouts import indented, per_line, truncated
from tideline.samples.community.posts import post
from tideline.samples.community.talk import cast_vote, posted_comment
from tideline.samples.community.users import changed_user, user
from tideline.samples.community.world import World
from tideline.samples.delivery import Drop
from tideline.samples.draws import moment_between, rng

COLLECTIONS = ("users", "posts", "posts_comments", "votes")
FULL_AT, AGAIN_AT, EMPTY_AT = time(6), time(6, 10), time(6, 20)
N_LATE = 2
Document = dict[str, Any]


def first(world: World, collection: str, number: int) -> Document:
    """A document as its first delivery shows it."""
    if collection == "users":
        return user(world, number, world.exported_at(world.day_of_birth("users", number)))
    builders: dict[str, Callable[[World, int], Document]] = {"posts": post, "posts_comments": posted_comment, "votes": cast_vote}
    return builders[collection](world, number)


def changed(world: World, collection: str, number: int, at: datetime, label: object) -> Document:
    """A version of a document of day 1 that was saved at `at`."""
    builders: dict[str, Callable[[World, int, datetime, object], Document]] = {
        "users": changed_user, "posts": post, "posts_comments": posted_comment, "votes": cast_vote}
    return builders[collection](world, number, at, label)


def write_full_exports(drop: Drop, world: World) -> None:
    """Day 1: every collection whole; each file repeats one of its documents."""
    for collection in COLLECTIONS:
        numbers = [*world.new_numbers(collection, 1), 0]
        drop.count("document_twice_in_file")
        drop.put(collection, FULL_AT, indented(_counted(drop, collection, (first(world, collection, n) for n in numbers))))
    repeats = world.new_numbers("posts_comments", 1)
    drop.count("comment_posted_twice", sum(number % 50 == 21 for number in repeats))


def write_changes(drop: Drop, world: World, day_index: int) -> None:
    """A later day. Even days: lines, a copied file, an empty one. Odd days: a broken-off file, garbage, a new field."""
    is_even = day_index % 2 == 0
    for collection in COLLECTIONS:
        documents = list(_counted(drop, collection, _changes(drop, world, collection, day_index)))
        write = {"users": _write_users, "posts_comments": _write_comments, "votes": _write_votes}.get(collection, _write_posts)
        write(drop, documents, is_even)


def _changes(drop: Drop, world: World, collection: str, day_index: int) -> list[Document]:
    new = [first(world, collection, number) for number in world.new_numbers(collection, day_index)]
    numbers = world.changed_numbers(collection, day_index)
    saved = [changed(world, collection, n, _saved_at(world, collection, n, day_index), day_index) for n in numbers]
    late = _late(world, collection, day_index)
    drop.count("late_document", len(late))
    if collection == "posts_comments":
        drop.count("comment_edited", len(saved))
    if collection == "votes":
        saved[-1]["votes"] = []
        drop.count("vote_changed", sum(bool(document["votes"]) for document in saved))
    if day_index % 2 == 0:
        drop.count("document_in_two_files")
        return [*new, *saved, first(world, collection, 1), *late]
    if collection == "users":
        for document in saved[:3]:
            document["_id"]["look_a_new_field"] = f"wave {day_index}"
    drop.count("out_of_order")
    return [*reversed(saved), *late, *reversed(new)]


def _late(world: World, collection: str, day_index: int) -> list[Document]:
    """Versions from the day before a change that was delivered yesterday (on day 2: today)."""
    changed_on = max(2, day_index - 1)
    documents = []
    for number in world.changed_numbers(collection, changed_on)[:N_LATE]:
        draw = rng(world.seed, collection, "late", day_index, number)
        milliseconds = 900 + day_index % 100
        at = moment_between(draw, *world.window(changed_on - 1), (milliseconds, milliseconds))
        documents.append(changed(world, collection, number, at, ("late", day_index)))
    return documents


def _saved_at(world: World, collection: str, number: int, day_index: int) -> datetime:
    return moment_between(rng(world.seed, collection, "saved", day_index, number), *world.window(day_index), (500, 899))


def _write_users(drop: Drop, documents: list[Document], is_even: bool) -> None:
    if not is_even:
        drop.count("element_not_json")
    text = "".join(indented(documents, garbage_after=-1 if is_even else len(documents) // 2))
    drop.put("users", FULL_AT, text)
    if is_even:
        drop.count("same_content_two_names")
        drop.put("users", AGAIN_AT, text)


def _write_posts(drop: Drop, documents: list[Document], is_even: bool) -> None:
    drop.put("posts", FULL_AT, indented(documents))
    if is_even:
        drop.count("empty_file")
        drop.put("posts", EMPTY_AT, "")


def _write_comments(drop: Drop, documents: list[Document], is_even: bool) -> None:
    if not is_even:  # the export broke off and was taken again
        drop.count("truncated_file")
        drop.put("posts_comments", FULL_AT, truncated(documents))
    drop.put("posts_comments", FULL_AT if is_even else AGAIN_AT, indented(documents))


def _write_votes(drop: Drop, documents: list[Document], is_even: bool) -> None:
    if is_even:
        drop.count("one_document_per_line")
        drop.count("line_not_json")
        drop.put("votes", FULL_AT, per_line(documents, garbage_after=len(documents) // 2))
    else:
        drop.put("votes", FULL_AT, indented(documents))


def _counted(drop: Drop, collection: str, documents: Iterable[Document]) -> Iterator[Document]:
    for document in documents:
        for kind in dirt.kinds(collection, document):
            drop.count(kind)
        yield document
