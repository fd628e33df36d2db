"""What previews and pages know of tables: the declarations as plain data, and which columns are masked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.checks import is_fresh, unique
from engine.spec import Column, Latest
from engine.system import System
from tideline.commands.declared import declared
from tideline.workspace.declared import DeclaredColumn, DeclaredTable, Freshness, declaration_of
from utils.settings import system_names


@pytest.fixture(scope="module")
def tables(repository: Path) -> Mapping[str, DeclaredTable]:
    return declared(repository)


def test_every_table_of_every_system_is_there_with_its_grain(tables: Mapping[str, DeclaredTable]):
    from importlib import import_module

    systems: list[System] = [import_module(f"systems.{name}.system").SYSTEM for name in system_names()]
    paths = {f"{s.name}_{each.path}" for s in systems for each in (*s.sources, *s.tables)}
    assert len(paths) > 50
    assert paths <= tables.keys()
    assert [name for name, table in tables.items() if not table.grain or not table.columns] == []


def test_lineage_leads_to_declared_tables_only(tables: Mapping[str, DeclaredTable]):
    inputs = {name for table in tables.values() for name in table.inputs}
    assert inputs
    assert inputs - tables.keys() == set()


def test_a_table_is_told_with_key_inputs_and_checks(tables: Mapping[str, DeclaredTable]):
    votes = tables["community_silver.votes"]
    assert (votes.system, votes.layer, votes.kind, votes.key) == ("community", "silver", "derived", ("vote_id", "option_index"))
    assert set(votes.inputs) == {
        "community_bronze.votes", "community_silver.posts_english", "community_bronze.posts", "community_bronze.users",
    }  # fmt: skip
    assert DeclaredColumn("user_id", "string", "Voter.", is_personal=True) in votes.columns
    assert next((check.name, check.rule, check.severity) for check in votes.checks) == ("the poll exists", "has_post", "info")


def test_what_is_expected_of_freshness_is_told():
    from tideline.commands import declared as module

    def rows(records):
        return records

    table = Latest(
        build=rows, source="raw.rows", key=["id"], sequence="at", grain="one row per id",
        columns=[Column("id", "string", "Id."), Column("at", "timestamp", "When.")], checks=[unique("id"), is_fresh("at", 30)],
    )  # fmt: skip
    assert module._freshness(table) == Freshness("at", 30, "warn")


def test_personal_undeclared_and_delivered_columns_are_hidden(tables: Mapping[str, DeclaredTable]):
    users, raw = tables["community_bronze.users"], tables["community_raw.users"]
    assert [users.hides(name) for name in ("id_oid", "country", "id_look_a_new_field", "_sequence")] == [True, False, True, False]
    assert [raw.hides(name) for name in ("document", "text", "_source")] == [True, True, False]


@pytest.mark.parametrize(
    "name", ["community_bronze.users", "tester_community_bronze.users", "`dev`.`tester_community_bronze`.`users`"]
)
def test_a_prefix_or_a_catalogue_does_not_uncover_a_table(name: str, tables: Mapping[str, DeclaredTable]):
    found = declaration_of(tables, name)
    assert found is not None
    assert found.name == "community_bronze.users"


def test_another_bundle_declares_nothing(tmp_path: Path):
    assert declared(tmp_path) == {}
    assert declaration_of({}, "a.b") is None
