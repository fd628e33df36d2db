"""Silver: what is true now. Posts in one language, comments and votes with their post and author; orphans stay, flagged."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input, Lookup
from systems.community.config import NO_COUNTRY_CODES, PREFERRED_LANGUAGE, UNKNOWN

NO_OPTION = -1
PATRON_STATUS = "patron, follower, free trial or none; unknown for a user nobody delivered."


def country_of(country: str) -> SparkColumn:
    """The country code, or `unknown` where there is none that means a country."""
    return F.when(F.col(country).isin(*NO_COUNTRY_CODES), F.lit(UNKNOWN)).otherwise(
        F.coalesce(F.col(country), F.lit(UNKNOWN))
    )


def patron_status_of(has_user: SparkColumn) -> SparkColumn:
    """One word for a user's standing; paying comes before following, following before trying."""
    return (
        F.when(~has_user, F.lit(UNKNOWN))
        .when(F.col("patreon_status_is_patron"), F.lit("patron"))
        .when(F.col("patreon_status_is_free_trial"), F.lit("free trial"))
        .when(F.col("patreon_status_is_follower"), F.lit("follower"))
        .otherwise(F.lit("none"))
    )


def posts_english(posts: DataFrame, translations: DataFrame) -> DataFrame:
    """Posts with the texts of the preferred language, or of the first other one; one row per option.

    Options come from the first translation, in the same order, that has any.
    """
    preferred = F.col("language") != PREFERRED_LANGUAGE
    order = (
        Window.partitionBy("post_id")
        .orderBy(preferred, "language")
        .rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    )
    ranked = translations.select(
        "post_id",
        F.first("language").over(order).alias("shown_language"),
        F.first("title").over(order).alias("title"),
        F.first("description").over(order).alias("description"),
        F.first(F.when(F.size("options") > 0, F.col("options")), ignorenulls=True)
        .over(order)
        .alias("options"),
        F.row_number().over(Window.partitionBy("post_id").orderBy(preferred, "language")).alias("place"),
    )
    shown = ranked.where("place = 1").drop("place")
    texts = posts.join(shown, posts["id_oid"] == shown["post_id"], how="left").drop("post_id")
    unfolded = texts.select("*", F.posexplode_outer("options").alias("position", "option_text"))
    return unfolded.select(
        F.col("id_oid").alias("post_id"),
        F.coalesce("position", F.lit(NO_OPTION)).alias("option_index"),
        F.col("type").alias("post_type"),
        "status",
        F.coalesce("multiple_votes", F.lit(False)).alias("has_multiple_votes"),
        F.col("created_at_date").alias("created_at"),
        F.col("version_at").alias("updated_at"),
        F.coalesce("shown_language", F.lit(UNKNOWN)).alias("language"),
        (F.coalesce("shown_language", F.lit(UNKNOWN)) == PREFERRED_LANGUAGE).alias("is_english"),
        "title",
        "description",
        "option_text",
    )


def comments(comments: DataFrame, posts: DataFrame, users: DataFrame) -> DataFrame:
    """Comments with their post and author."""
    posts = posts.select(
        F.col("id_oid").alias("post_id"),
        F.col("type").alias("post_type"),
        F.col("created_at_date").alias("post_created_at"),
    )
    authors = _people(users)
    joined = comments.withColumnsRenamed({"post_id_oid": "post_id", "user_id_oid": "user_id"})
    joined = joined.join(posts, on="post_id", how="left").join(authors, on="user_id", how="left")
    has_author = F.coalesce("is_known", F.lit(False))
    return joined.select(
        F.col("id_oid").alias("comment_id"),
        "post_id",
        "user_id",
        "body",
        F.length("body").alias("n_characters"),
        F.col("created_at_date").alias("created_at"),
        F.col("version_at").alias("updated_at"),
        "post_type",
        "post_created_at",
        F.coalesce("country", F.lit(UNKNOWN)).alias("country"),
        patron_status_of(has_author).alias("patron_status"),
        F.col("post_created_at").isNotNull().alias("has_post"),
        has_author.alias("has_author"),
    )


def votes(votes: DataFrame, options: DataFrame, posts: DataFrame, users: DataFrame) -> DataFrame:
    """Chosen options with their poll, the option's text and the voter."""
    known = posts.select(
        F.col("id_oid").alias("post_id"), F.col("type").alias("post_type"), F.lit(True).alias("_has_post")
    )
    texts = options.select("post_id", "option_index", "option_text")
    joined = (
        votes.join(known, on="post_id", how="left")
        .join(texts, on=["post_id", "option_index"], how="left")
        .join(_people(users), on="user_id", how="left")
    )
    has_voter = F.coalesce("is_known", F.lit(False))
    return joined.select(
        "vote_id",
        "option_index",
        "weight",
        "user_id",
        "post_id",
        "created_at",
        "updated_at",
        "post_type",
        "option_text",
        F.coalesce("country", F.lit(UNKNOWN)).alias("country"),
        patron_status_of(has_voter).alias("patron_status"),
        F.coalesce("_has_post", F.lit(False)).alias("has_post"),
        F.col("option_text").isNotNull().alias("has_option"),
        has_voter.alias("has_voter"),
    )


def _people(users: DataFrame) -> DataFrame:
    standing = ("patreon_status_is_patron", "patreon_status_is_follower", "patreon_status_is_free_trial")
    return users.select(
        F.col("id_oid").alias("user_id"),
        country_of("country").alias("country"),
        *standing,
        F.lit(True).alias("is_known"),
    )


POSTS_ENGLISH = Derived(
    build=posts_english,
    layer="silver",
    inputs={
        "posts": Input("bronze.posts", slice_by="id_oid"),
        "translations": Input("bronze.posts_translations", slice_by="post_id"),
    },
    key=["post_id", "option_index"],
    slice_by="post_id",
    grain="one row per post and option; a post without options has one row",
    columns=[
        Column("post_id", "string", "Post."),
        Column("option_index", "int", "Option of a poll, from 0; -1 for a post without options."),
        Column("post_type", "string", "post or poll."),
        Column("status", "string", "Status of publication."),
        Column("has_multiple_votes", "boolean", "Whether a user may choose several options."),
        Column("created_at", "timestamp", "When the post was created, UTC."),
        Column("updated_at", "timestamp", "When the post was last updated, UTC."),
        Column(
            "language",
            "string",
            "Language of the texts: English, or the first other one; unknown without texts.",
        ),
        Column("is_english", "boolean", "Whether the texts are in English."),
        Column("title", "string", "Title."),
        Column("description", "string", "Text of the post."),
        Column("option_text", "string", "Text of the option; null for a post without options."),
    ],
)

COMMENTS = Derived(
    build=comments,
    layer="silver",
    inputs={
        "comments": Input("bronze.posts_comments", slice_by="id_oid"),
        "posts": Lookup("bronze.posts", on="id_oid", carried_as="post_id_oid"),
        "users": Lookup("bronze.users", on="id_oid", carried_as="user_id_oid"),
    },
    key=["comment_id"],
    slice_by="comment_id",
    grain="one row per comment",
    columns=[
        Column("comment_id", "string", "Comment."),
        Column("post_id", "string", "Post that is commented."),
        Column("user_id", "string", "Author.", personal=True),
        Column("body", "string", "Text of the comment.", personal=True),
        Column("n_characters", "int", "Length of the text."),
        Column("created_at", "timestamp", "When it was written, UTC."),
        Column("updated_at", "timestamp", "When it was last edited, UTC."),
        Column("post_type", "string", "post or poll; null for an orphan."),
        Column("post_created_at", "timestamp", "When the post was created, UTC; null for an orphan."),
        Column("country", "string", "Country of the author; unknown where there is none."),
        Column("patron_status", "string", PATRON_STATUS),
        Column("has_post", "boolean", "Whether the post exists."),
        Column("has_author", "boolean", "Whether the author exists."),
    ],
    checks=[Check("the post exists", "has_post", "info"), Check("the author exists", "has_author", "info")],
)

VOTES = Derived(
    build=votes,
    layer="silver",
    inputs={
        "votes": Input("bronze.votes", slice_by="vote_id"),
        "options": Lookup("silver.posts_english", on="post_id"),
        "posts": Lookup("bronze.posts", on="id_oid", carried_as="post_id"),
        "users": Lookup("bronze.users", on="id_oid", carried_as="user_id"),
    },
    key=["vote_id", "option_index"],
    slice_by="vote_id",
    grain="one row per vote and chosen option",
    columns=[
        Column("vote_id", "string", "Vote."),
        Column("option_index", "int", "Chosen option, from 0."),
        Column("weight", "bigint", "Weight of the choice."),
        Column("user_id", "string", "Voter.", personal=True),
        Column("post_id", "string", "Poll."),
        Column("created_at", "timestamp", "When the vote was first cast, UTC."),
        Column("updated_at", "timestamp", "When the vote was last changed, UTC."),
        Column("post_type", "string", "post or poll; null for an orphan."),
        Column("option_text", "string", "Text of the option; null for an orphan."),
        Column("country", "string", "Country of the voter; unknown where there is none."),
        Column("patron_status", "string", PATRON_STATUS),
        Column("has_post", "boolean", "Whether the poll exists."),
        Column("has_option", "boolean", "Whether the poll has the option."),
        Column("has_voter", "boolean", "Whether the voter exists."),
    ],
    checks=[Check("the poll exists", "has_post", "info"), Check("the voter exists", "has_voter", "info")],
)
