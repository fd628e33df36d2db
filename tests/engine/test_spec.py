"""Declarations that cannot be run are refused when their module is imported, with the place."""

from __future__ import annotations

import pytest

from engine.catalog import Retention
from engine.checks import Check, SetCheck, accepted_values, unique
from engine.documents import leaves_of
from engine.parts import column_name
from engine.sources.spec import Files
from engine.spec import Column, Derived, History, Input, Latest, Lookup
from engine.system import System
from utils.errors import SpecError

ID, AT = Column("id", "string", "Key."), Column("at", "timestamp", "Sequence.")
FILES = Files("records", format="json", folder="drops", pattern="*.json")


def things(records):
    return records


def totals(things, as_of):
    return things


def declare(**changes):
    return Latest(
        **{
            "build": things,
            "source": "raw.records",
            "key": ["id"],
            "sequence": "at",
            "grain": "one row per id",
            "columns": [ID, AT],
        }
        | changes
    )


def derive(**changes):
    return Derived(
        **{
            "build": totals,
            "inputs": {"things": Input("bronze.things")},
            "key": ["id"],
            "grain": "one row",
            "layer": "gold",
            "columns": [ID],
        }
        | changes
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"key": []}, "no key"),
        ({"key": ["nope"]}, "key `nope` is not a column"),
        ({"sequence": "nope"}, "sequence `nope` is not a column"),
        ({"grain": " "}, "no grain"),
        ({"columns": [ID, AT, Column("x", "int", "")]}, "column `x` has no sentence"),
        ({"columns": [ID, AT, ID]}, "declared twice: id"),
        ({"columns": [ID, AT, Column("x", "int", "X.", path="a.b")]}, "By the naming rule it is `a_b`"),
        ({"columns": [ID, AT, Column("_x", "int", "X.")]}, "`_x` is not a column name"),
        ({"cluster_by": ["at"]}, "cluster_by `at` is not part of the key"),
        ({"source": "silver.things"}, "reads `silver.things`"),
        ({"tombstone_days": 30}, "tombstone_days without deleted_when"),
        ({"partial": True}, "partial records need columns with a path"),
        ({"layer": "copper"}, "layer `copper`"),
    ],
)
def test_a_wrong_latest_table_is_refused(changes, said):
    with pytest.raises(SpecError, match=".*") as error:
        declare(**changes)
    assert said in str(error.value)
    assert "test_spec.py:" in str(error.value)


def remember(**changes):
    given = {"build": things, "source": "raw.records", "key": ["id"], "sequence": "at", "grain": "one row per version"}
    return History(**given | {"columns": [ID, AT, Column("v", "string", "A value.")]} | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sequence": "nope"}, "sequence `nope` is not a column"),
        ({"tracked": ["nope"]}, "tracked `nope` is not a column"),
        ({"tracked": ["id"]}, "tracked `id` is the key or the sequence"),
        ({"columns": [ID, AT]}, "nothing is tracked"),
        ({"columns": [ID, AT, Column("valid_to", "timestamp", "When.")]}, "column `valid_to` is the engine's"),
        ({"key": ["id", "at"], "cluster_by": ["at"]}, "cluster_by `at` is of type timestamp"),
        ({"checks": [unique("v"), SetCheck("s", "SELECT 0 FROM {other}")]}, "check `s` reads `{other}`"),
    ],
)
def test_a_wrong_history_is_refused(changes, said):
    with pytest.raises(SpecError) as error:
        remember(**changes)
    assert said in str(error.value)


def test_a_set_cannot_be_quarantined_and_retention_must_outlast_its_readers():
    with pytest.raises(SpecError, match="severity `quarantine`"):
        unique("v", severity="quarantine")
    with pytest.raises(SpecError, match="files at least 90 days"):
        Retention(files_days=30, slowest_reader_days=30)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": {}}, "`totals` asks for `things`; its inputs are none"),
        (
            {"inputs": {"things": Input("bronze.things"), "uses": Input("bronze.uses")}},
            "input `uses` is not a parameter",
        ),
        (
            {"layer": "bronze", "inputs": {"things": Input("gold.other")}},
            "reads upward: bronze from `gold.other`",
        ),
        ({"inputs": {"things": Input("things")}}, "reads `things`"),
        ({"inputs": {"things": Input("gold.totals")}}, "reads itself"),
        ({"inputs": {"things": Input("bronze.things", slice_by="id")}}, "has slice_by, the table has none"),
        (
            {"slice_by": "id", "inputs": {"things": Lookup("bronze.things", on="id")}},
            "slice_by without an Input",
        ),
        ({"checks": [Check("c", "true", "quarantine")]}, "has severity quarantine"),
        ({"checks": [Check("c", "true"), Check("c", "false")]}, "two checks share a name"),
        ({"columns": [Column("id", "string", "Key.", personal=True)]}, "column `id` is personal"),
    ],
)
def test_a_wrong_derived_table_is_refused(changes, said):
    with pytest.raises(SpecError) as error:
        derive(**changes)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([declare(source="raw.other")], "input `records` is `raw.other`; expected one of"),
        ([declare(), derive(inputs={"things": Input("bronze.others")})], "input `things` is `bronze.others`"),
        (
            [declare(), derive(slice_by="day", columns=[ID, Column("day", "date", "Day.")])],
            "`things` does not carry the slice `day`",
        ),
        ([declare(), declare()], "`bronze.things` is declared twice"),
    ],
)
def test_a_system_refuses_what_does_not_fit_together(tables, said):
    with pytest.raises(SpecError) as error:
        System(name="demo", question="?", time_zone="UTC", sources=[FILES], tables=tables)
    assert said in str(error.value)


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(SpecError, match="Europe/Nowhere"):
        System(name="demo", question="?", time_zone="Europe/Nowhere", sources=[FILES], tables=[declare()])


def test_an_unknown_severity_is_refused():
    with pytest.raises(SpecError, match="severity `panic`"):
        Check("c", "true", "panic")


def test_accepted_values_with_a_quote_stay_one_literal():
    assert accepted_values("c", ["it's"]).condition == r"c IN ('it\'s')"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("_id.$oid", "id_oid"),
        ("created_at.$date", "created_at_date"),
        ("_id.look_a_new_field", "id_look_a_new_field"),
        ("patreon_status.is_patron", "patreon_status_is_patron"),
        ("od d", "od_d"),
    ],
)
def test_columns_are_named_after_their_place(path, name):
    assert column_name(path) == name


def test_leaves_of_a_schema():
    schema = (
        "OBJECT<_id: OBJECT<`$oid`: STRING>, at: OBJECT<`$date`: OBJECT<`$numberLong`: STRING>>, d: DECIMAL(2,1), "
        "list: ARRAY<OBJECT<x: BIGINT>>, mixed: VARIANT, n: OBJECT<`$numberLong`: STRING>, nothing: VOID, `it's`: STRING>"
    )
    assert {(leaf.path, leaf.type) for leaf in leaves_of(schema, without=["mixed"])} == {
        ("_id.$oid", "string"),
        ("at.$date", "timestamp"),
        ("d", "double"),
        ("list", "variant"),
        ("n", "bigint"),
    }
