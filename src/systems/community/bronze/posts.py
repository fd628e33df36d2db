"""Posts and polls, and their texts in every language."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import accepted_values
from engine.spec import Column, Derived, Input, Latest
from systems.community.bronze.documents import CREATED, UPDATED, VERSION_AT, with_version


def posts(documents: DataFrame) -> DataFrame:
    """Posts and polls without their translations; `multiple_votes` is missing on plain posts."""
    return with_version(documents)


def post_documents(documents: DataFrame) -> DataFrame:
    """The latest document of every post, whole."""
    return with_version(documents)


def posts_translations(documents: DataFrame) -> DataFrame:
    """One row per language of a post. Translations misspell `updated_at` as `update_at` at times; the later one counts."""
    created, updated, misspelt = (_date_of(name) for name in ("created_at", "updated_at", "update_at"))
    listed = "try_cast(try_variant_get(document, '$.translations', 'variant') AS array<variant>)"
    unfolded = documents.select("id_oid", F.posexplode(F.expr(listed)).alias("position", "item"))
    rows = unfolded.select(
        F.col("id_oid").alias("post_id"),
        F.expr("coalesce(try_variant_get(item, '$.language', 'string'), 'unknown')").alias("language"),
        F.expr("try_variant_get(item, '$.title', 'string')").alias("title"),
        F.expr("try_variant_get(item, '$.description', 'string')").alias("description"),
        F.expr(
            "coalesce(try_cast(try_variant_get(item, '$.options', 'variant') AS array<string>), array())"
        ).alias("options"),
        created.alias("created_at"),
        F.coalesce(F.greatest(updated, misspelt), created).alias("updated_at"),
        "position",
    )
    newest = F.max_by(
        F.struct("title", "description", "options", "created_at", "updated_at"),
        F.struct("updated_at", "position"),
    )
    return (
        rows.groupBy("post_id", "language")
        .agg(newest.alias("newest"))
        .select("post_id", "language", "newest.*")
    )


def _date_of(name: str) -> SparkColumn:
    return F.expr(f"""try_cast(try_variant_get(item, '$.{name}["$date"]', 'string') AS timestamp)""")


POSTS = Latest(
    build=posts,
    source="raw.posts",
    key=["id_oid"],
    sequence="version_at",
    grain="one row per post or poll",
    new_columns="evolve",
    without=["translations"],
    columns=[
        Column("id_oid", "string", "Id of the post.", path="_id.$oid"),
        Column("type", "string", "post or poll.", path="type"),
        Column("status", "string", "Status of publication.", path="status"),
        Column(
            "multiple_votes",
            "boolean",
            "Whether a user may choose several options; null on plain posts.",
            path="multiple_votes",
        ),
        CREATED,
        UPDATED,
        VERSION_AT,
    ],
    checks=[accepted_values("type", ["post", "poll"], severity="warn")],
)


POST_DOCUMENTS = Latest(
    build=post_documents,
    source="raw.posts",
    key=["id_oid"],
    sequence="version_at",
    grain="one row per post or poll",
    columns=[
        Column("id_oid", "string", "Id of the post.", path="_id.$oid"),
        CREATED,
        UPDATED,
        VERSION_AT,
        Column("document", "variant", "The post as delivered, translations included."),
    ],
)


POSTS_TRANSLATIONS = Derived(
    build=posts_translations,
    layer="bronze",
    inputs={"documents": Input("bronze.post_documents", slice_by="id_oid")},
    key=["post_id", "language"],
    slice_by="post_id",
    grain="one row per post and language",
    columns=[
        Column("post_id", "string", "Post that is translated."),
        Column("language", "string", "Language code; unknown where it was not delivered."),
        Column("title", "string", "Title in that language."),
        Column("description", "string", "Text in that language; may be empty."),
        Column(
            "options", "array<string>", "Texts of a poll's options, in order; empty where there are none."
        ),
        Column("created_at", "timestamp", "When the translation was created, UTC."),
        Column("updated_at", "timestamp", "When it was last updated, however the field was spelt; UTC."),
    ],
)
