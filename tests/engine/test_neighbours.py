"""What is wrong with one table of a layer is that table's failure alone, and it is logged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.spec import Column, Derived, Input
from tests.engine.world import World, latest
from utils.errors import LayerFailed


def things(records):
    return records


def persons(records):
    return records


def of_things(rows):
    return rows.select("id")


def of_persons(rows):
    return rows.select("id")


def reader(build: Any, path: str) -> Derived:
    columns = [Column("id", "string", "Key.")]
    return Derived(build=build, layer="silver", inputs={"rows": Input(path)}, key=["id"], grain="one row per id", columns=columns)


COLUMNS = [Column("id", "string", "Key.", path="id"), Column("at", "timestamp", "Sequence.", path="at")]


def test_where_a_view_stands_in_a_tables_place_its_neighbours_go_on(spark: Any, tmp_path: Path):
    readers = [reader(of_things, "bronze.things"), reader(of_persons, "bronze.persons")]
    world = World(spark, tmp_path, [latest(things, COLUMNS), latest(persons, COLUMNS), *readers])
    world.deliver("1.json", [{"id": "1", "at": "2024-01-01T00:00:00Z"}])
    name = world.settings.name_of("bronze.things")
    spark.sql(f"CREATE VIEW {name} AS SELECT 1 AS somebodys").collect()
    world.run("raw")
    with pytest.raises(LayerFailed, match="things"):
        world.run("bronze")
    assert world.rows("bronze.persons", "id") == [("1",)]
    logged = world.sql("SELECT table_name, status, error FROM {ops.table_runs} WHERE layer = 'bronze' ORDER BY 1")
    assert [(row["table_name"], row["status"]) for row in logged] == [("bronze.persons", "written"), ("bronze.things", "failed")]
    assert "is a view" in logged[1]["error"]
    with pytest.raises(LayerFailed, match="of_things"):
        world.run("silver")
    assert world.rows("silver.of_persons") == [("1",)]  # a reader of the view is a neighbour, too
    spark.sql(f"DROP VIEW {name}").collect()
    assert world.run("bronze")["bronze.things"].counts.inserted == 1
    world.drop()
