"""A person's rows taken out of raw, of the quarantine and of what models published; one commit per table, none without a row.

Which rows is found before; a MERGE by their places or keys then names nobody, so that no id gets into a table's log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from engine.effects import about_to
from engine.forgetting.forgotten import judge_of
from engine.forgetting.places import QUARANTINE, Sought, holds
from engine.forgetting.suppressed import given_of
from engine.merge import delete_matched, last_commit, temporary_view
from engine.outcomes import Counts
from engine.spec import FromRaw

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from engine.forgetting.judge import Judge
    from engine.run import Run
    from engine.sources.spec import Source
    from engine.spec import Published

PLACE = ("_source", "_position", "_content_hash")
FOUND = "_source string, _position bigint, _content_hash string, _left string"
EFFECT = "take out of a table"


def out_of_raw(run: Run, source: Source, sought: Sought) -> Counts:
    """Records of the person are deleted, those that hold more than that lose what is the person's."""
    judge = judge_of(run, source.name, sought.id.__eq__)
    name = run.settings.name_of(source.path)
    held = _candidates(run.spark.table(name), judge, sought.id)
    found = [(*row[:3], judge.left_of(row["given"], row["text"]), row["given"] or "") for row in held.collect()]
    rows = {row[:4] for row in found if row[3] != row[4]}
    if not rows:
        return Counts()
    frame = run.spark.createDataFrame(sorted(rows, key=str), FOUND)
    return _merged(run, name, frame, has_documents="document" in [column.name for column in source.all_columns])


def _candidates(raw: DataFrame, judge: Judge, id_: str) -> DataFrame:
    """Records in which the id stands at all, with what the judge looks at."""
    given = given_of(raw, judge)
    is_document = "document" in raw.columns or not judge.owner
    named = given.contains(id_) if is_document else F.trim(F.col(judge.owner[0]).cast("string")) == id_
    mentioned = F.coalesce(named, F.lit(False)) | F.coalesce(F.col("text").contains(id_), F.lit(False))
    return raw.where(mentioned).select(*PLACE, given.alias("given"), "text")


def _merged(run: Run, name: str, rows: DataFrame, *, has_documents: bool) -> Counts:
    on = " AND ".join(f"t.{each} <=> s.{each}" for each in PLACE)
    document = "parse_json(s._left)"
    update = f"WHEN MATCHED THEN UPDATE SET document = {document}, _content_hash = sha2(to_json({document}), 256)"
    about_to(EFFECT)
    with temporary_view(run.spark, rows) as view:
        result = run.spark.sql(
            f"MERGE INTO {name} t USING {view} s ON {on} WHEN MATCHED AND s._left IS NULL THEN DELETE "
            + (update if has_documents else "")
        ).collect()[0]
    if not result["num_affected_rows"]:
        return Counts()
    return Counts(version=last_commit(run.spark, name)[0], updated=result["num_updated_rows"], deleted=result["num_deleted_rows"])


def out_of_quarantine(run: Run, sought: Sought) -> Counts:
    """Rows whose record is the person's, or mentions the person: what may stay of such a record is judged again from raw."""
    name = run.settings.name_of(QUARANTINE)
    sources = {table.path: table.source.partition(".")[2] for table in run.system.tables if isinstance(table, FromRaw)}
    held = run.spark.table(name).where(F.col("record").contains(sought.id)).select("quarantine_id", "table_name", "record")
    judges = {table: judge_of(run, source, sought.id.__eq__) for table, source in sources.items()}
    other = judge_of(run, "", sought.id.__eq__)
    ids = [(row[0],) for row in held.collect() if judges.get(row[1], other).document(row[2]) != row[2]]
    rows = run.spark.createDataFrame(ids, "quarantine_id string")
    return delete_matched(run.spark, name, rows, key=["quarantine_id"], effect=EFFECT) if ids else Counts()


def out_of_published(run: Run, table: Published, sought: Sought) -> Counts:
    """Rows in which the person stands, and those made from what the person left, as long as silver still tells which."""
    assert run.system.person is not None
    name, key = run.name_of(table), list(table.key)
    rows = run.spark.table(name)
    condition = holds(run, sought, table.path, rows)
    wanted = [rows.where(condition).select(*key)] if condition is not None else []
    through = run.system.person.published.get(table.path)
    if through and run.spark.catalog.tableExists(run.settings.name_of(through.table)):
        left = run.spark.table(run.settings.name_of(through.table))
        mine = left.where(F.trim(F.col(through.owner).cast("string")) == sought.id)
        named = mine.select(F.col(through.on).alias("_named")).distinct()
        wanted.append(rows.join(named, rows[through.column] == named["_named"], "left_semi").select(*key))
    if not wanted:
        return Counts()
    found = wanted[0]
    for more in wanted[1:]:
        found = found.unionByName(more)
    return delete_matched(run.spark, name, found, key=key, effect=EFFECT)
