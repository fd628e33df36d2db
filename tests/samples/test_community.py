"""The sampled community: the same bytes every time, and every oddity of the real exports in three days."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.systems.reckoning import collection_of, records, sequence
from tideline.samples import big_votes, sample, write_day
from tideline.samples.community.dirt import OF_DELIVERIES, OF_DOCUMENTS
from tideline.workspace.errors import WorkspaceError

SCALE, SEED = 0.004, 3


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("exports")
    return folder, sample("community", folder, days=3, scale=SCALE, seed=SEED)


def test_day_by_day_gives_the_same_bytes_as_the_whole_in_any_order(three_days: Any, tmp_path: Path) -> None:
    for index in (3, 1, 2):
        write_day("community", tmp_path, index, scale=SCALE, seed=SEED)
    assert contents(tmp_path) == contents(three_days[0])


def test_another_seed_gives_other_documents(three_days: Any, tmp_path: Path) -> None:
    write_day("community", tmp_path, 1, scale=SCALE, seed=SEED + 1)
    name = "users-2023-06-01_06-00-00.json"
    assert contents(tmp_path)[name] != contents(three_days[0])[name]


def test_every_kind_of_dirt_is_there_within_three_days(three_days: Any) -> None:
    found = sum((Counter(delivery.dirt) for delivery in three_days[1]), Counter())
    missing = {*OF_DOCUMENTS, *OF_DELIVERIES} - set(found)
    assert not missing


def test_day_one_is_dirty_already(three_days: Any) -> None:
    first = three_days[1][0].dirt
    assert {"patreon_status_missing", "update_at_instead", "update_at_beside", "english_missing", "withdrawn_vote"} <= set(first)


def test_day_one_is_one_indented_array_per_collection(three_days: Any) -> None:
    files = three_days[1][0].files
    assert [collection_of(file) for file in files] == ["users", "posts", "posts_comments", "votes"]
    for file in files:
        text = file.read_text()
        assert text.startswith("[\n  {\n    ")
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_no_two_versions_of_a_document_share_their_time_and_differ(three_days: Any) -> None:
    seen: dict[tuple[str, str, Any], str] = {}
    for file in sorted(three_days[0].iterdir()):
        for record in records(file):
            if isinstance(record, dict):
                key = (collection_of(file), record["_id"]["$oid"], sequence(record))
                text = json.dumps(record, sort_keys=True)
                assert seen.setdefault(key, text) == text
    assert seen


def test_the_odd_lines_are_there_and_nothing_else_is_unreadable(three_days: Any) -> None:
    odd = {file.name: [r for r in records(file) if isinstance(r, str)] for file in sorted(three_days[0].iterdir())}
    assert {name: len(texts) for name, texts in odd.items() if texts} == {
        "users-2023-06-03_06-00-00.json": 1, "posts_comments-2023-06-03_06-00-00.json": 1, "votes-2023-06-02_06-00-00.json": 1}


def test_late_documents_are_older_than_what_was_delivered_before(three_days: Any) -> None:
    newest: dict[str, Any] = {}
    late = 0
    for file in sorted(three_days[0].glob("users-*")):
        for record in records(file):
            if isinstance(record, dict):
                key = record["_id"]["$oid"]
                late += key in newest and sequence(record) < newest[key]
                newest[key] = max(sequence(record), newest.get(key, sequence(record)))
    assert late >= 3


def test_files_carry_the_time_of_their_name_and_leave_nothing_hidden(three_days: Any) -> None:
    names = [path.name for path in three_days[0].iterdir()]
    assert names and not [name for name in names if name.startswith(".")]
    stamps = {path.name.split(".")[0][-19:]: path.stat().st_mtime for path in three_days[0].iterdir()}
    assert stamps["2023-06-01_06-00-00"] == 1685599200.0


def test_proportions_are_those_of_the_real_community(tmp_path: Path) -> None:
    write_day("community", tmp_path, 1, scale=0.05, seed=SEED)
    users = [r for r in records(tmp_path / "users-2023-06-01_06-00-00.json") if isinstance(r, dict)]
    share = sum(user.get("patreon_status", {}).get("is_patron", False) for user in users) / len(users)
    nowhere = sum(user.get("country") in (None, "UNK") for user in users) / len(users)
    votes = [r for r in records(tmp_path / "votes-2023-06-01_06-00-00.json") if isinstance(r, dict)]
    weights = Counter(choice["weight"] for vote in votes for choice in vote["votes"])
    assert 0.07 < share < 0.11 and 0.3 < nowhere < 0.38
    assert [weight for weight, _ in weights.most_common(2)] == [1, 20]
    assert set(weights) <= {1, 4, 7, 10, 20, 60, 130, 210, 300, 400}
    per_user = Counter(vote["user_id"]["$oid"] for vote in votes)
    assert sum(n for _, n in per_user.most_common(len(per_user) // 10)) > len(votes) / 3


def test_months_are_full_exports_whose_support_only_grows(tmp_path: Path) -> None:
    deliveries = sample("community", tmp_path, days=1, scale=SCALE, seed=SEED, months=36, start=date(2023, 6, 1))
    assert [d.date for d in deliveries[:2]] == [date(2020, 6, 1), date(2020, 7, 1)] and deliveries[35].date == date(2023, 5, 1)
    support = [
        sum(user.get("patreon_status", {}).get("lifetime_support_cents", 0) for user in json.loads(d.files[0].read_text()))
        for d in deliveries
    ]
    assert len(support) == 37 and support == sorted(support) and support[-1] > support[0]


def test_a_huge_export_is_streamed_and_parses(tmp_path: Path) -> None:
    path = big_votes(tmp_path, 0.01)
    assert path.stat().st_size >= 10_000_000
    votes = json.loads(path.read_text())
    assert len({vote["_id"]["$oid"] for vote in votes}) == len(votes)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("system", "day", "scale"), [("weather", 1, 1.0), ("community", 0, 1.0), ("community", 1, 0.0)])
def test_what_cannot_be_sampled_is_said_in_one_line(tmp_path: Path, system: str, day: int, scale: float) -> None:
    with pytest.raises(WorkspaceError) as raised:
        write_day(system, tmp_path, day, scale=scale, seed=1)
    assert "\n" not in str(raised.value)
