"""Promise 26: a forgotten person is in no table and in no file, and does not come back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine import effects
from engine.again import backfill, replay_quarantine
from engine.forgetting.forgotten import judge_of
from engine.forgetting.landed import Rewriting, rewrite
from engine.run import Run
from engine.sources.ledger import Listed
from tests.engine.forgetting.people import ANNA, BERT, LAYERS, LEFT, POSTS, People, post
from utils.errors import LayerFailed, SettingsError

pytestmark = pytest.mark.long

BROKEN = f'{{"id": "9", "who": "{ANNA}", "at":'


@pytest.fixture
def people(spark: Any, tmp_path: Path) -> Iterator[People]:
    found = People(spark, tmp_path)
    yield found
    found.world.drop()


@pytest.fixture
def never(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The same system, to which nothing of the person ever came."""
    found = People(spark, tmp_path_factory.mktemp("never"))
    found.deliver("1.json", LEFT)
    found.world.run(*LAYERS)
    found.publish()
    yield found
    found.world.drop()


def filled(people: People) -> None:
    """Posts in two deliveries, a document cut short, a bad row of the person, and what a model published."""
    people.deliver("1.json", POSTS[:3])
    people.deliver("2.json", POSTS[3:])
    people.world.deliver("3.json", BROKEN + "\n" + json.dumps(post("8", 1, ANNA, "bad") | {"at": None}) + "\n")
    people.world.run(*LAYERS)
    people.publish()


@pytest.mark.deep
def test_promise_26_a_forgotten_person_is_in_no_table_and_in_no_file(people: People, never: People):
    filled(people)
    assert len(people.files_with(ANNA)) > 10
    done = people.forget()
    assert people.files_with(ANNA) == []
    assert people.contents() == never.contents()
    assert {outcome.status for outcome in done.values()} <= {"written", "nothing to do"}
    assert (done["raw.records"].counts.deleted, done["raw.records"].counts.updated) == (5, 1)
    assert done["gold.summaries"].counts.deleted == 2
    said = people.world.sql("SELECT * FROM {ops.table_runs} WHERE kind = 'forget'")
    assert len(said) >= 4
    assert all(row["why"].startswith("person ") for row in said)
    assert [row["status"] for row in people.world.sql("SELECT * FROM {raw.forgotten}")] == ["done"]


def test_promise_26_a_forgotten_person_does_not_come_back(people: People, tmp_path: Path):
    filled(people)
    old = tmp_path / "copies"
    shutil.copytree(people.world.landing, old)
    people.forget()
    left = people.contents()
    for number, file in enumerate(sorted(old.iterdir())):  # old deliveries, as they were and in a new form
        people.world.deliver(f"again-{number}.json", file.read_bytes())
        people.world.deliver(f"anew-{number}.json", file.read_bytes() + b"\n")
    people.deliver("later.json", [post("5", 9, ANNA, "hers, later"), post("3", 1, BERT, "nobody else")])
    people.world.run(*LAYERS)
    people.world.run("bronze", "silver", "gold", rebuild=True)
    settings = people.world.settings
    backfill(people.world.spark, people.world.system, settings, date(2024, 1, 1), date(2024, 12, 31))
    replay_quarantine(people.world.spark, people.world.system, settings)
    people.world.run("silver", "gold")
    assert people.contents() == left
    assert people.files_with(ANNA) == []
    notes = people.world.sql("SELECT note FROM {ops.files} WHERE file = 'drops/later.json' AND status = 'landed'")
    assert [row["note"] for row in notes] == ["1 record(s) name a person who was forgotten"]
    assert {outcome.status for outcome in people.world.run(*LAYERS).values()} == {"nothing to do"}


def test_sources_that_land_at_once_rewrite_each_its_own_file(people: People, monkeypatch: pytest.MonkeyPatch):
    people.deliver("1.json", LEFT)
    people.world.run("raw")
    run = Run(people.world.spark, people.world.settings, people.world.system)
    judge = judge_of(run, "records", {ANNA}.__contains__)
    files = [people.deliver(name, [post("5", 9, ANNA, "hers"), post("3", 1, BERT, name)]) for name in ("a.json", "b.json")]
    one, other = (
        [Rewriting(Listed(file.as_uri(), f"drops/{file.name}", 1, datetime.now(UTC)), next(iter(run.system.sources)), judge)]
        for file in files
    )
    others = iter([other])

    def meanwhile(name: str) -> None:
        effects.about_to(name)
        for each in others if name == "rewrite landed files" else ():
            rewrite(run, each)

    monkeypatch.setattr("engine.forgetting.landed.about_to", meanwhile)
    rewrite(run, one)
    assert [[each["body"] for each in json.loads(file.read_text())] for file in files] == [["a.json"], ["b.json"]]
    assert not list((people.landing / "rewritten").iterdir())


@pytest.mark.deep
def test_others_stay_as_they_are_and_land_as_ever(people: People):
    filled(people)
    before = [row for row in people.contents()["bronze.posts"] if row[0] == "3"]
    people.forget()
    people.deliver("4.json", [post("6", 5, BERT, "new")])
    outcomes = people.world.run(*LAYERS)
    assert outcomes["raw.records"].counts.inserted == 1
    assert [row for row in people.contents()["bronze.posts"] if row[0] == "3"] == before
    assert [row[0] for row in people.contents()["bronze.posts"]] == ["2", "3", "6"]


@pytest.mark.deep
@pytest.mark.parametrize(
    "effect",
    [
        "write a table",
        *(pytest.param(effect, marks=pytest.mark.deep) for effect in effects.FORGETTING if effect != "clear artefacts"),
        pytest.param("log table runs", marks=pytest.mark.deep),
    ],
)
def test_forgetting_again_ends_what_died(people: People, never: People, monkeypatch: pytest.MonkeyPatch, effect: str):
    filled(people)

    class Died(BaseException):
        pass

    def die(name: str) -> None:
        effects.about_to(name)
        if name == effect:
            raise Died

    with monkeypatch.context() as patch:
        for module in ("merge", "run_log", *(f"forgetting.{name}" for name in ("forgotten", "landed", "taken_out", "purge"))):
            patch.setattr(f"engine.{module}.about_to", die)
        with pytest.raises(Died):
            people.forget()
    people.forget()
    assert people.files_with(ANNA) == []
    assert people.contents() == never.contents()
    assert [row["status"] for row in people.world.sql("SELECT * FROM {raw.forgotten}")] == ["done"]


@pytest.mark.deep
def test_a_person_of_whom_nothing_is_found_is_kept_out_all_the_same(people: People):
    people.deliver("1.json", LEFT)
    people.world.run(*LAYERS)
    before = people.world.versions()
    done = people.forget()
    assert list(done) == ["all"]
    assert "nothing of the person was found" in done["all"].why
    assert people.world.versions() == before
    people.deliver("2.json", [POSTS[0]])
    people.world.run(*LAYERS)
    assert people.files_with(ANNA) == []
    assert people.world.rows("bronze.posts", "id") == [("2",), ("3",)]


@pytest.mark.deep
def test_the_last_person_leaves_empty_tables(people: People):
    people.deliver("1.json", POSTS[:2])
    people.world.run(*LAYERS)
    people.forget()
    people.forget(BERT)
    assert people.files_with(ANNA) == []
    assert {path: rows for path, rows in people.contents().items() if rows} == {}


@pytest.mark.deep
def test_without_hours_replaced_files_stay_until_their_time_has_passed(people: People):
    filled(people)
    people.forget(hours=None)
    assert people.files_with(ANNA) != []
    assert people.world.sql("SELECT files_until > now() FROM {raw.forgotten}")[0][0]
    people.forget(hours=0)
    assert [row["status"] for row in people.world.sql("SELECT * FROM {raw.forgotten}")] == ["done"]


def test_what_cannot_be_forgotten_is_refused(people: People):
    with pytest.raises(SettingsError, match="letters, digits"):
        people.forget("a'; DROP TABLE")
    with pytest.raises(SettingsError, match="retention_hours"):
        people.forget(hours=-1)
    people.world.system = replace(people.world.system, person=None)
    with pytest.raises(SettingsError, match="nobody to forget"):
        people.forget()


@pytest.mark.deep
def test_a_file_that_cannot_be_rewritten_fails_and_says_which(people: People):
    filled(people)
    people.world.deliver("4.zip", f"packed {ANNA}".encode())
    people.world.run("raw")
    with pytest.raises(LayerFailed, match=r"4\.zip") as failed:
        people.forget()
    assert ANNA not in str(failed.value)
    (people.world.landing / "4.zip").unlink()
    people.forget()
    assert people.files_with(ANNA) == []
