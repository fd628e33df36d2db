"""Folders and logs of tables, read without Spark."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable, write_deltalake

from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout
from tideline.workspace.scheduler.sights import Commit, Tables, files_in, folder_of, folder_of_table


def test_files_are_found_at_any_depth_but_not_while_they_are_written(tmp_path: Path) -> None:
    for name in ("a.json", "deep/er/b.json", ".incoming-1-c.json", ".parts/d.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert files_in(tmp_path) == {"a.json": "", "deep/er/b.json": ""}
    assert files_in(tmp_path / "none") is None


def test_a_volume_is_the_folder_that_stands_for_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for url in ("/Volumes/main/raw/landing/in/", "dbfs:/Volumes/main/raw/landing/in"):
        assert folder_of(url, layout) == layout.volumes / "main/raw/landing/in"
    assert folder_of(str(layout.volumes / "main"), layout) == layout.volumes / "main"
    with pytest.raises(WorkspaceError, match="s3://bucket/in.*watch a volume"):
        folder_of("s3://bucket/in", layout)


def test_a_tables_version_is_that_of_its_last_change_of_data(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    folder = layout.warehouse / "shop.db" / "orders"
    tables = Tables(layout)
    assert tables.marks(("main.shop.orders",)) is None
    layout.warehouse.mkdir(parents=True)
    assert tables.marks(("main.shop.orders",)) == {}
    for number in range(2):
        write_deltalake(folder, pd.DataFrame({"id": [number]}), mode="append")
    first = tables.last_change("shop.Orders")
    assert first and first.version == 1
    DeltaTable(folder).optimize.compact()
    DeltaTable(folder).alter.set_table_properties({"delta.appendOnly": "false"})
    assert DeltaTable(folder).version() == 3
    assert tables.last_change("main.shop.orders") == first
    DeltaTable(folder).delete("id = 0")
    last = tables.last_change("main.shop.orders")
    assert last and last.version == 4 and last.at >= first.at
    assert tables.marks(("main.shop.orders",)) == {"main.shop.orders": str(last)}
    assert Commit.parse(str(last)) == last


def test_a_commit_that_is_half_written_is_not_seen_yet(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    log = layout.warehouse / "shop.db" / "orders" / "_delta_log"
    log.mkdir(parents=True)
    lines = [{"commitInfo": {"timestamp": 1000}}, {"add": {"path": "a", "dataChange": True}}]
    (log / f"{0:020}.json").write_text("\n".join(json.dumps(line) for line in lines))
    (log / f"{1:020}.json").write_text('{"commitInfo": {"timest')
    assert Tables(layout).last_change("shop.orders") == Commit(0, 1000)


@pytest.mark.parametrize("name", ["orders", "shop.", "a.b/../c", "..."])
def test_what_is_no_name_of_a_table_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="names no table"):
        folder_of_table(name, tmp_path)
