"""What must not stay of a record, and of a delivered file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from engine.forgetting.judge import Judge, Listed, hash_of
from engine.forgetting.texts import rewritten

ANNA, BERT = "a" * 24, "b" * 24
PARTS = ((("likes",), ("by",)), (("thread", "comments"), ("user", "$oid")))
JUDGE = Judge(("user_id", "$oid"), PARTS, "[0-9a-f]{24}", ANNA.__eq__)
NUMBERS = Judge(("user_id",), (), "", "42".__eq__)


def of(user: str, **fields: Any) -> dict[str, Any]:
    return {"_id": 1, "user_id": {"$oid": user}, **fields}


def test_a_record_whose_owner_is_forgotten_goes_as_a_whole():
    assert JUDGE.document(json.dumps(of(ANNA))) is None
    assert JUDGE.document(json.dumps(of(BERT))) == json.dumps(of(BERT))


def test_parts_of_a_document_go_and_the_rest_stays():
    likes = [{"by": ANNA, "n": 1}, {"by": BERT, "n": 2}]
    comments = [{"user": {"$oid": ANNA}, "body": "hers"}, {"user": {"$oid": BERT}, "body": "his"}]
    left = JUDGE.document(json.dumps(of(BERT, likes=likes, thread={"title": "t", "comments": comments})))
    assert json.loads(left or "") == of(BERT, likes=likes[1:], thread={"title": "t", "comments": comments[1:]})


def test_an_id_is_covered_wherever_it_is_mentioned():
    given = of(BERT, body=f"ask {ANNA}, not {BERT}", liked_by=[ANNA, BERT], votes={ANNA: 1, BERT: 2}, seen={"by": {"$oid": ANNA}})
    left = JUDGE.document(json.dumps(given))
    assert json.loads(left or "") == of(
        BERT, body=f"ask [forgotten], not {BERT}", liked_by=[BERT], votes={BERT: 2}, seen={"by": {"$oid": "[forgotten]"}}
    )


def test_an_id_is_found_where_letters_touch_it_that_could_be_its_own():
    """The `d` of "id" is a hex digit: a search from left to right takes it for the first one of another id."""
    her = "64f0c1d2e3a4b5c6d7e8f901"
    judge = Judge((), (), "[0-9a-f]{24}", her.__eq__)
    assert judge.document(f'{{"body":"id{her}and","by{her}":1}}') == '{"body":"id[forgotten]and","by[forgotten]":1}'
    assert judge.mentions(f"id{her}") and judge.ids_in(None, f"d{her}") == [her] == judge.ids_in(f'{{"a":"d{her}"}}', None)


def test_a_number_is_an_id_where_it_is_declared_and_nowhere_else():
    assert NUMBERS.document('{"user_id": 42, "n": 1}') is None
    assert NUMBERS.document('{"user_id": " 42 "}') is None
    assert NUMBERS.document('{"user_id": 7, "n": 42, "note": "42"}') == '{"user_id": 7, "n": 42, "note": "42"}'


def test_what_cannot_be_parsed_goes_if_it_mentions_the_person():
    assert JUDGE.left_of(None, f'{{"user_id": "{ANNA}') is None
    assert JUDGE.left_of(None, f'{{"user_id": "{BERT}') == ""
    assert NUMBERS.left_of(None, "BUY,42,2021") is None
    assert NUMBERS.left_of(None, "BUY,420,2021") == ""


def test_a_listed_person_is_known_by_the_keyed_hash_alone():
    listed = Listed("key", frozenset({hash_of("key", ANNA)}))
    assert [listed(id_) for id_ in (ANNA, BERT, ANNA)] == [True, False, True]
    assert hash_of("another key", ANNA) not in listed.hashes
    assert "key" not in repr(listed)
    judge = replace(JUDGE, is_forgotten=listed)
    assert judge.ids_in(json.dumps(of(BERT, body=f"ask {ANNA}")), None) == [ANNA]
    assert judge.ids_in(json.dumps(of(BERT)), None) == judge.ids_in(None, "garbage") == []
    assert judge.ids_in(None, f"garbage {ANNA}") == [ANNA]


def indented(documents: list[Any]) -> str:
    return json.dumps(documents, indent=2)


def one_per_line(documents: list[Any]) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


def glued(documents: list[Any]) -> str:
    """Elements at no indent, the bracket on the first one's line."""
    return "[" + ",\n".join(json.dumps(document, indent=1) for document in documents) + "]\n"


def apart(documents: list[Any]) -> str:
    """Documents of several lines, one after the other, without an array."""
    return "\n".join(json.dumps(document, indent=1) for document in documents) + "\n"


def windows(documents: list[Any]) -> str:
    return "\ufeff" + json.dumps(documents, indent=2).replace("\n", "\r\n")


LAYOUTS = [indented, one_per_line, json.dumps, glued, apart, windows]


def documents_in(text: str) -> list[Any]:
    text, found, at = text.lstrip("\ufeff"), [], 0
    if text.lstrip().startswith("["):
        return json.loads(text)
    while (at := at + len(text[at:]) - len(text[at:].lstrip())) < len(text):
        document, end = json.JSONDecoder().raw_decode(text[at:])
        found, at = [*found, document], at + end
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("hers", [{0}, {1}, {3}, {0, 1}, {2, 3}, {0, 3}, {0, 1, 2, 3}])
def test_a_landed_file_loses_what_is_the_persons_and_nothing_else(layout: Any, hers: set[int]):
    documents = [of(ANNA if n in hers else BERT, n=n, body="a { b }, [c]\n{") for n in range(4)]
    text, n = rewritten(layout(documents), "json", JUDGE)
    assert ANNA not in text
    assert documents_in(text) == [document for n, document in enumerate(documents) if n not in hers]
    assert n >= 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_landed_file_without_the_person_stays_to_the_letter(layout: Any):
    text = layout([of(BERT, n=1), of(BERT, n=2)])
    assert rewritten(text, "json", JUDGE) == (text, 0)
    assert rewritten("", "json", JUDGE) == ("", 0)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_mention_in_a_landed_file_is_covered(layout: Any):
    text, n = rewritten(layout([of(BERT, body=f"ask {ANNA}"), of(BERT, n=2)]), "json", JUDGE)
    assert (documents_in(text), n) == ([of(BERT, body="ask [forgotten]"), of(BERT, n=2)], 1)


def test_a_truncated_file_keeps_its_whole_records():
    text, n = rewritten(indented([of(BERT, n=1), of(ANNA, n=2), of(BERT, n=3), of(ANNA, n=4)])[:-20], "json", JUDGE)
    assert n == 2
    assert documents_in(text.rstrip() + "]") == [of(BERT, n=1), of(BERT, n=3)]


def test_lines_of_a_table_go_with_their_owner():
    lines = ["user_id,what", "42,BUY", '7,"a, 42"', "420,BUY", " 42 ,BUY", "broken,42,line", "broken,7,line"]
    text, n = rewritten("\r\n".join(lines) + "\r\n", "csv", NUMBERS)
    assert text.split("\r\n") == ["user_id,what", '7,"a, 42"', "420,BUY", "broken,7,line", ""]
    assert n == 3


def test_of_a_file_that_no_source_takes_every_line_goes_that_mentions_the_person():
    assert rewritten(f"x {ANNA}\ny {BERT}\n", "", JUDGE) == (f"y {BERT}\n", 1)
