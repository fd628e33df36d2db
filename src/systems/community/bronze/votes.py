"""Votes as they stand now, and the options they chose."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.spec import Column, Derived, Input, Latest
from systems.community.bronze.documents import CREATED, UPDATED, VERSION_AT, with_version


def vote_documents(documents: DataFrame) -> DataFrame:
    """The latest document of every vote, whole; a withdrawn vote stays, with an empty list."""
    return with_version(documents)


def votes(documents: DataFrame) -> DataFrame:
    """One row per chosen option of a vote; of an option that is listed twice, the last mention counts."""
    listed = "try_cast(try_variant_get(document, '$.votes', 'variant') AS array<variant>)"
    unfolded = documents.select("*", F.posexplode(F.expr(listed)).alias("position", "item"))
    rows = unfolded.select(
        F.col("id_oid").alias("vote_id"),
        F.expr("coalesce(try_variant_get(item, '$.index', 'int'), -1)").alias("option_index"),
        F.expr("coalesce(try_variant_get(item, '$.weight', 'bigint'), 0)").alias("weight"),
        F.col("user_id_oid").alias("user_id"),
        F.col("post_id_oid").alias("post_id"),
        F.col("created_at_date").alias("created_at"),
        F.col("version_at").alias("updated_at"),
        "position",
    )
    last = F.max_by(F.struct("weight", "user_id", "post_id", "created_at", "updated_at"), F.col("position"))
    return (
        rows.groupBy("vote_id", "option_index")
        .agg(last.alias("last"))
        .select("vote_id", "option_index", "last.*")
    )


VOTE_DOCUMENTS = Latest(
    build=vote_documents,
    source="raw.votes",
    key=["id_oid"],
    sequence="version_at",
    grain="one row per vote",
    columns=[
        Column("id_oid", "string", "Id of the vote.", path="_id.$oid"),
        Column("user_id_oid", "string", "Voter.", path="user_id.$oid", personal=True),
        Column("post_id_oid", "string", "Poll.", path="post_id.$oid"),
        CREATED,
        UPDATED,
        VERSION_AT,
        Column("document", "variant", "The vote as delivered, chosen options included.", personal=True),
    ],
)


VOTES = Derived(
    build=votes,
    layer="bronze",
    inputs={"documents": Input("bronze.vote_documents", slice_by="id_oid")},
    key=["vote_id", "option_index"],
    slice_by="vote_id",
    grain="one row per vote and chosen option",
    columns=[
        Column("vote_id", "string", "Vote."),
        Column("option_index", "int", "Chosen option, from 0; -1 where it was not delivered."),
        Column("weight", "bigint", "Weight of the choice."),
        Column("user_id", "string", "Voter.", personal=True),
        Column("post_id", "string", "Poll."),
        Column("created_at", "timestamp", "When the vote was first cast, UTC."),
        Column("updated_at", "timestamp", "When the vote was last changed, UTC."),
    ],
)
