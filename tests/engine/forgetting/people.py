"""A small system about people: posts that somebody owns, that others like, and in which people are mentioned."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from engine.forgetting.person import forget
from engine.outcomes import Outcome
from engine.person import Mentions, Person, Through
from engine.publish import opened
from engine.spec import Column, Derived, History, Input, Latest, Published
from tests.engine.forgetting.everywhere import files_with, folders_of
from tests.engine.world import SCHEMAS, World

ANNA, BERT, CARL = "u00000001", "u00000002", "u00000003"
AT = Column("at", "timestamp", "When.", path="at")


def posts(documents):
    return documents


def post_versions(documents):
    return documents


def likes(documents):
    from pyspark.sql import functions as F

    items = F.expr("cast(try_variant_get(document, '$.likes', 'variant') AS array<variant>)")
    unfolded = documents.select("id", F.explode(items).alias("item"))
    return unfolded.select(F.col("id").alias("post_id"), F.expr("try_variant_get(item, '$.by', 'string')").alias("user_id"))


def people(posts: Any, pseudonym: Callable[[Any], Any]) -> Any:
    from pyspark.sql import functions as F

    return posts.groupBy("who").agg(F.count("*").alias("n")).select(pseudonym(F.col("who")).alias("user_pseudonym"), "n")


def summaries(rows):
    return rows


DOCUMENT = [
    Column("id", "string", "Id.", path="id"), AT, Column("who", "string", "Owner.", path="who", personal=True),
    Column("body", "string", "Text.", path="body", personal=True),
]  # fmt: skip
TABLES = [
    Latest(
        build=posts, source="raw.records", key=["id"], sequence="at", grain="one row per post",
        columns=[*DOCUMENT, Column("document", "variant", "As delivered.", personal=True)],
    ),
    History(build=post_versions, source="raw.records", key=["id"], sequence="at", grain="one row per version", columns=DOCUMENT),
    Derived(
        build=likes, layer="silver", inputs={"documents": Input("bronze.posts", slice_by="id")}, key=["post_id", "user_id"],
        slice_by="post_id", grain="one row per like",
        columns=[Column("post_id", "string", "Post."), Column("user_id", "string", "Who likes it.", personal=True)],
    ),
    Derived(
        build=people, layer="gold", inputs={"posts": Input("bronze.posts")}, key=["user_pseudonym"],
        grain="one row per owner",
        columns=[Column("user_pseudonym", "string", "Owner.", pseudonym=True), Column("n", "bigint", "Posts.")],
    ),
    Published(
        build=summaries, inputs=["bronze.posts"], key=["post_id"], grain="one row per post", layer="gold",
        columns=[Column("post_id", "string", "Post."), Column("said", "string", "What it says, in short.")],
    ),
]  # fmt: skip
PERSON = Person(
    noun="user", looks_like="u[0-9]{8}", sources={"records": Mentions("who", parts={"likes": "by"})},
    published={"gold.summaries": Through("post_id", "bronze.posts", on="id", owner="who")},
)  # fmt: skip
LAYERS = ("raw", "bronze", "silver", "gold")


def post(id_: str, day: int, who: str, body: str, *likes: str) -> dict[str, Any]:
    return {"id": id_, "at": f"2024-06-{day:02d}T00:00:00Z", "who": who, "body": body, "likes": [{"by": each} for each in likes]}


POSTS = [
    post("1", 1, ANNA, "hers alone", BERT), post("1", 2, ANNA, "hers alone, edited", BERT, CARL),
    post("2", 1, BERT, f"as {ANNA} says", ANNA, CARL), post("3", 1, BERT, "nobody else"), post("4", 1, ANNA, "the last of hers"),
]  # fmt: skip
LEFT = [post("2", 1, BERT, "as [forgotten] says", CARL), post("3", 1, BERT, "nobody else")]


class People:
    """A deployment of the system on real Delta."""

    def __init__(self, spark: Any, folder: Path) -> None:
        self.world = World(spark, folder, TABLES)
        self.world.system = replace(self.world.system, person=PERSON)
        self.landing = Path(self.world.settings.landing)

    def deliver(self, name: str, documents: Sequence[Any]) -> Path:
        return self.world.deliver(name, json.dumps(documents, indent=2))

    def publish(self) -> None:
        """What a model says of every post: a quotation."""
        rows = self.world.sql("SELECT id AS post_id, substring(body, 1, 2) AS said FROM {bronze.posts}")
        frame = pd.DataFrame([row.asDict() for row in rows])
        opened(self.world.spark, self.world.system, "gold.summaries", self.world.settings).publish(frame)

    def forget(self, id_: str = ANNA, hours: int | None = 0) -> dict[str, Outcome]:
        settings = replace(self.world.settings, run_id="a run of forgetting")
        return {each.table: each for each in forget(self.world.spark, self.world.system, settings, id_, hours).all}

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Rows of every table that exists."""
        spark, name_of = self.world.spark, self.world.settings.name_of
        return {table.path: self.world.rows(table.path) for table in TABLES if spark.catalog.tableExists(name_of(table.path))}

    def files_with(self, *ids: str) -> list[str]:
        """Files of tables, logs among them, and of the landing folder, with an id or its pseudonym."""
        prefix, pseudonym = self.world.settings.schema_prefix, self.world.settings.pseudonym
        folders = folders_of(self.world.spark, *(f"{prefix}{schema}" for schema in SCHEMAS))
        return files_with([*ids, *map(pseudonym, ids)], *folders, self.landing)
