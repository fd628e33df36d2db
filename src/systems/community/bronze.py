"""Bronze: the latest version of every delivered document, flat and typed.

`version_at` orders versions: `updated_at`, and `created_at` where a document has no `updated_at`.
Posts and votes carry lists. Their documents are kept whole, one per key, and the lists are unfolded from there: an
option that is no longer chosen disappears, and an old version that arrives late does not bring it back.
"""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import accepted_values
from engine.spec import Column, Derived, Input, Latest

VERSION_AT = Column(
    "version_at", "timestamp", "Orders versions: updated_at, or created_at where that is missing; UTC."
)
CREATED = Column("created_at_date", "timestamp", "When it was created, UTC.", path="created_at.$date")
UPDATED = Column(
    "updated_at_date",
    "timestamp",
    "When it was last updated, UTC; null where it was not delivered.",
    path="updated_at.$date",
)


def with_version(documents: DataFrame) -> DataFrame:
    """Flattened documents with `version_at`."""
    return documents.withColumn("version_at", F.coalesce("updated_at_date", "created_at_date"))


def users(documents: DataFrame) -> DataFrame:
    """Users as delivered; a user who never was asked for support has no `patreon_status`."""
    return with_version(documents)


def posts(documents: DataFrame) -> DataFrame:
    """Posts and polls without their translations; `multiple_votes` is missing on plain posts."""
    return with_version(documents)


def posts_comments(documents: DataFrame) -> DataFrame:
    """Comments; an edited comment is a newer version of itself."""
    return with_version(documents)


def post_documents(documents: DataFrame) -> DataFrame:
    """The latest document of every post, whole."""
    return with_version(documents)


def vote_documents(documents: DataFrame) -> DataFrame:
    """The latest document of every vote, whole; a withdrawn vote stays, with an empty list."""
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


def _status(name: str, kind: str, comment: str) -> Column:
    return Column(f"patreon_status_{name.replace('.$', '_')}", kind, comment, path=f"patreon_status.{name}")


USERS = Latest(
    build=users,
    source="raw.users",
    key=["id_oid"],
    sequence="version_at",
    grain="one row per user",
    new_columns="evolve",
    columns=[
        Column("id_oid", "string", "Id of the user.", path="_id.$oid", personal=True),
        CREATED,
        UPDATED,
        VERSION_AT,
        Column(
            "country", "string", "Country code as delivered; UNK or null where it is unknown.", path="country"
        ),
        Column("language", "string", "Language code of the user's interface.", path="language"),
        _status("is_patron", "boolean", "Pays at present; null without a status."),
        _status("is_follower", "boolean", "Follows without paying; null without a status."),
        _status("is_free_trial", "boolean", "Is in a free trial; null without a status."),
        _status(
            "campaign_lifetime_support_cents",
            "bigint",
            "Support for this campaign over all time, cents of USD.",
        ),
        _status("lifetime_support_cents", "bigint", "Support over all time, cents of USD."),
        _status(
            "currently_entitled_amount_cents",
            "bigint",
            "Monthly amount that the user is entitled to, cents of USD.",
        ),
        _status("will_pay_amount_cents", "bigint", "Amount of the next charge, cents of USD."),
        _status("last_charge_date.$date", "timestamp", "When the user was charged last, UTC."),
        _status("last_charge_status", "string", "Outcome of the last charge."),
        _status("pledge_relationship_start.$date", "timestamp", "When the user pledged first, UTC."),
        _status("updated_at.$date", "timestamp", "When the status was last updated, UTC."),
        Column("timezone_name", "string", "Time zone of the user.", path="timezone.name"),
        Column("timezone_offset", "string", "Offset of that zone as delivered.", path="timezone.offset"),
        Column(
            "timezone_is_dst", "boolean", "Whether daylight saving time was in force.", path="timezone.is_dst"
        ),
    ],
)

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

POSTS_COMMENTS = Latest(
    build=posts_comments,
    source="raw.posts_comments",
    key=["id_oid"],
    sequence="version_at",
    grain="one row per comment",
    new_columns="evolve",
    columns=[
        Column("id_oid", "string", "Id of the comment.", path="_id.$oid"),
        Column("user_id_oid", "string", "Author.", path="user_id.$oid", personal=True),
        Column("post_id_oid", "string", "Post that is commented.", path="post_id.$oid"),
        Column("body", "string", "Text of the comment.", path="body", personal=True),
        CREATED,
        UPDATED,
        VERSION_AT,
    ],
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
