"""Gold: the numbers of the dashboards. No nulls, no personal ids: unknown is the word `unknown`, users are pseudonyms.

Amounts are in USD; the source counts cents.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from engine.checks import Check, in_range
from engine.spec import Column, Derived, Input
from systems.community.config import NO_COUNTRY_CODES, UNKNOWN
from systems.community.silver import NO_OPTION, country_of, patron_status_of

_NO_COUNTRY = ", ".join(f"'{code}'" for code in NO_COUNTRY_CODES)
COUNTRY_OF_USER = (
    f"CASE WHEN country IN ({_NO_COUNTRY}) THEN '{UNKNOWN}' ELSE coalesce(country, '{UNKNOWN}') END"
)
USD = "decimal(18,2)"


def users_by_country(users: DataFrame) -> DataFrame:
    """Users, their standing and their support per country."""
    return users.groupBy(country_of("country").alias("country")).agg(
        F.count(F.lit(1)).alias("n_users"),
        _count_of("patreon_status_is_patron").alias("n_patrons"),
        _count_of("patreon_status_is_follower").alias("n_followers"),
        _count_of("patreon_status_is_free_trial").alias("n_free_trials"),
        F.count_if(_cents("lifetime_support") > 0).alias("n_supporters"),
        _usd(F.sum(_cents("campaign_lifetime_support"))).alias("campaign_lifetime_support_amount"),
        _usd(F.sum(_cents("lifetime_support"))).alias("lifetime_support_amount"),
        _usd(F.sum(_cents("currently_entitled_amount"))).alias("entitled_amount"),
        _usd(F.sum(_cents("will_pay_amount"))).alias("will_pay_amount"),
    )


def support_distribution(users: DataFrame, pseudonym: Callable[[SparkColumn], SparkColumn]) -> DataFrame:
    """One row per user, so that any histogram can be drawn; the id is a pseudonym."""
    return users.select(
        pseudonym(F.col("id_oid")).alias("user_pseudonym"),
        country_of("country").alias("country"),
        patron_status_of(F.lit(True)).alias("patron_status"),
        _usd(_cents("campaign_lifetime_support")).alias("campaign_lifetime_support_amount"),
        _usd(_cents("lifetime_support")).alias("lifetime_support_amount"),
        _usd(_cents("currently_entitled_amount")).alias("entitled_amount"),
    )


def monthly_activity(posts: DataFrame, comments: DataFrame, votes: DataFrame) -> DataFrame:
    """Posts by type, comments, chosen options and weights per calendar month; every month from first to last is present."""
    month = F.date_trunc("month", "created_at").cast("date").alias("month")
    distinct_posts = posts.where(F.col("created_at").isNotNull()).dropDuplicates(["post_id"])
    by_post = distinct_posts.groupBy(month).agg(
        F.count_if(F.col("post_type") == "poll").alias("n_polls"),
        F.count_if(F.coalesce(F.col("post_type") != "poll", F.lit(True))).alias("n_posts"),
    )
    by_comment = comments.groupBy(month).agg(F.count(F.lit(1)).alias("n_comments"))
    by_vote = votes.groupBy(month).agg(
        F.count(F.lit(1)).alias("n_chosen_options"), F.sum("weight").alias("total_weight")
    )
    found = (
        by_post.join(by_comment, on="month", how="full")
        .join(by_vote, on="month", how="full")
        .where("month IS NOT NULL")
    )
    months = found.agg(F.explode(F.expr("sequence(min(month), max(month), interval 1 month)")).alias("month"))
    counts = ["n_posts", "n_polls", "n_comments", "n_chosen_options", "total_weight"]
    return months.join(found, on="month", how="left").select(
        "month", *[F.coalesce(name, F.lit(0)).alias(name) for name in counts]
    )


def daily_activity(comments: DataFrame, votes: DataFrame) -> DataFrame:
    """Comments, chosen options and weights per day, country and patron status; days without any have no row."""
    by = [F.to_date("created_at").alias("day"), F.col("country"), F.col("patron_status")]
    zero = F.lit(0).cast("bigint")
    talk = comments.select(*by, F.lit(1).alias("comment"), zero.alias("option"), zero.alias("weight"))
    choices = votes.select(*by, F.lit(0).alias("comment"), F.lit(1).alias("option"), F.col("weight"))
    return (
        talk.unionByName(choices)
        .where("day IS NOT NULL")
        .groupBy("day", "country", "patron_status")
        .agg(
            F.sum("comment").alias("n_comments"),
            F.sum("option").alias("n_chosen_options"),
            F.sum("weight").alias("total_weight"),
        )
    )


def poll_results(options: DataFrame, votes: DataFrame) -> DataFrame:
    """Votes, weight and share of every option of every poll; options that nobody chose are there with zero.

    Options that were chosen but that no post has (orphans) are there too, with the text `unknown`.
    """
    key = ["post_id", "option_index"]
    is_patron = F.col("patron_status") == "patron"
    chosen = votes.groupBy(*key).agg(
        F.countDistinct("vote_id").alias("n_votes"),
        F.sum("weight").alias("total_weight"),
        F.countDistinct(F.when(is_patron, F.col("vote_id"))).alias("n_patron_votes"),
    )
    texts = options.where(F.col("option_index") != NO_OPTION).select(
        *key, "title", "option_text", "created_at"
    )
    whole = Window.partitionBy("post_id").rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)
    counted = texts.join(chosen, on=key, how="full").withColumns(
        {name: F.coalesce(name, F.lit(0)) for name in ("n_votes", "total_weight", "n_patron_votes")}
    )
    return counted.select(
        *key,
        F.coalesce("title", F.lit(UNKNOWN)).alias("title"),
        F.coalesce("option_text", F.lit(UNKNOWN)).alias("option_text"),
        F.coalesce(F.date_format("created_at", "yyyy-MM-dd"), F.lit(UNKNOWN)).alias("posted_on"),
        "n_votes",
        "total_weight",
        "n_patron_votes",
        _share("n_votes", whole).alias("vote_share"),
        _share("total_weight", whole).alias("weight_share"),
        _share("n_patron_votes", whole).alias("patron_vote_share"),
    )


def country_ranking(users: DataFrame, comments: DataFrame, votes: DataFrame) -> DataFrame:
    """Support, users, comments and votes per country, ranked by support; a country without talk keeps its money."""
    people = users.select(
        "country",
        "n_users",
        "n_patrons",
        "lifetime_support_amount",
        (F.col("lifetime_support_amount") / F.col("n_users")).cast(USD).alias("support_per_user_amount"),
    )
    talk = comments.groupBy("country").agg(F.count(F.lit(1)).alias("n_comments"))
    choices = votes.groupBy("country").agg(
        F.count(F.lit(1)).alias("n_chosen_options"), F.sum("weight").alias("total_weight")
    )
    joined = people.join(talk, on="country", how="full").join(choices, on="country", how="full")
    counts = ["n_users", "n_patrons", "n_comments", "n_chosen_options", "total_weight"]
    amounts = ["lifetime_support_amount", "support_per_user_amount"]
    rank = F.row_number().over(
        Window.partitionBy(F.lit(1)).orderBy(F.col("lifetime_support_amount").desc(), "country")
    )
    filled = joined.select(
        "country",
        *[F.coalesce(name, F.lit(0)).alias(name) for name in counts],
        *[F.coalesce(name, F.lit(0)).cast(USD).alias(name) for name in amounts],
    )
    return filled.withColumn("support_rank", rank)


def _cents(name: str) -> SparkColumn:
    return F.coalesce(f"patreon_status_{name}_cents", F.lit(0))


def _count_of(flag: str) -> SparkColumn:
    return F.count_if(F.coalesce(flag, F.lit(False)))


def _usd(cents: SparkColumn) -> SparkColumn:
    return (cents.cast("decimal(20,0)") / F.lit(100)).cast(USD)


def _share(name: str, of: WindowSpec) -> SparkColumn:
    total = F.sum(name).over(of)
    return F.when(total > 0, F.col(name) / total).otherwise(F.lit(0.0))


_COUNTRY = Column("country", "string", "Country code; unknown where there is none.")

USERS_BY_COUNTRY = Derived(
    build=users_by_country,
    layer="gold",
    inputs={"users": Input("bronze.users", slice_by=COUNTRY_OF_USER)},
    key=["country"],
    slice_by="country",
    grain="one row per country",
    columns=[
        _COUNTRY,
        Column("n_users", "bigint", "Users."),
        Column("n_patrons", "bigint", "Users who pay at present."),
        Column("n_followers", "bigint", "Users who follow."),
        Column("n_free_trials", "bigint", "Users in a free trial."),
        Column("n_supporters", "bigint", "Users who ever paid anything."),
        Column("campaign_lifetime_support_amount", USD, "Support for this campaign over all time, USD."),
        Column("lifetime_support_amount", USD, "Support over all time, USD."),
        Column("entitled_amount", USD, "Monthly amount that users are entitled to, USD."),
        Column("will_pay_amount", USD, "Amount of the next charges, USD."),
    ],
    checks=[Check("supporters are users", "n_supporters <= n_users", "fail")],
)

SUPPORT_DISTRIBUTION = Derived(
    build=support_distribution,
    layer="gold",
    inputs={"users": Input("bronze.users", slice_by=COUNTRY_OF_USER)},
    key=["user_pseudonym"],
    slice_by="country",
    grain="one row per user",
    columns=[
        Column("user_pseudonym", "string", "Keyed hash of the user's id."),
        _COUNTRY,
        Column("patron_status", "string", "patron, follower, free trial or none."),
        Column("campaign_lifetime_support_amount", USD, "Support for this campaign over all time, USD."),
        Column("lifetime_support_amount", USD, "Support over all time, USD."),
        Column("entitled_amount", USD, "Monthly amount that the user is entitled to, USD."),
    ],
)

MONTHLY_ACTIVITY = Derived(
    build=monthly_activity,
    layer="gold",
    inputs={
        "posts": Input("silver.posts_english"),
        "comments": Input("silver.comments"),
        "votes": Input("silver.votes"),
    },
    key=["month"],
    grain="one row per calendar month from the first to the last with activity (UTC)",
    columns=[
        Column("month", "date", "First day of the month."),
        Column("n_posts", "bigint", "Posts that are no polls."),
        Column("n_polls", "bigint", "Polls."),
        Column("n_comments", "bigint", "Comments."),
        Column("n_chosen_options", "bigint", "Chosen options of votes."),
        Column("total_weight", "bigint", "Weight of the chosen options."),
    ],
)

DAILY_ACTIVITY = Derived(
    build=daily_activity,
    layer="gold",
    inputs={
        "comments": Input("silver.comments", slice_by="to_date(created_at)"),
        "votes": Input("silver.votes", slice_by="to_date(created_at)"),
    },
    key=["day", "country", "patron_status"],
    slice_by="day",
    grain="one row per day, country and patron status with any comment or vote (UTC)",
    columns=[
        Column("day", "date", "Day."),
        _COUNTRY,
        Column(
            "patron_status", "string", "patron, follower, free trial or none; unknown for an unknown user."
        ),
        Column("n_comments", "bigint", "Comments."),
        Column("n_chosen_options", "bigint", "Chosen options of votes."),
        Column("total_weight", "bigint", "Weight of the chosen options."),
    ],
)

POLL_RESULTS = Derived(
    build=poll_results,
    layer="gold",
    inputs={"options": Input("silver.posts_english"), "votes": Input("silver.votes")},
    key=["post_id", "option_index"],
    slice_by="post_id",
    grain="one row per poll and option",
    columns=[
        Column("post_id", "string", "Poll."),
        Column("option_index", "int", "Option, from 0."),
        Column("title", "string", "Title of the poll; unknown for an orphan."),
        Column("option_text", "string", "Text of the option; unknown for an orphan."),
        Column("posted_on", "string", "Day of the poll, YYYY-MM-DD; unknown for an orphan."),
        Column("n_votes", "bigint", "Votes that chose the option."),
        Column("total_weight", "bigint", "Their weight."),
        Column("n_patron_votes", "bigint", "Those of patrons."),
        Column("vote_share", "double", "Share of the poll's chosen options, 0 to 1."),
        Column("weight_share", "double", "Share of the poll's weight, 0 to 1."),
        Column("patron_vote_share", "double", "Share of the options that patrons chose, 0 to 1."),
    ],
    checks=[in_range("vote_share", 0, 1, "fail"), in_range("weight_share", 0, 1, "fail")],
)

COUNTRY_RANKING = Derived(
    build=country_ranking,
    layer="gold",
    # A rank depends on every country: no slice.
    inputs={
        "users": Input("gold.users_by_country"),
        "comments": Input("silver.comments"),
        "votes": Input("silver.votes"),
    },
    key=["country"],
    grain="one row per country",
    columns=[
        _COUNTRY,
        Column("n_users", "bigint", "Users."),
        Column("n_patrons", "bigint", "Users who pay at present."),
        Column("n_comments", "bigint", "Comments of its users."),
        Column("n_chosen_options", "bigint", "Chosen options of its users."),
        Column("total_weight", "bigint", "Weight of those."),
        Column("lifetime_support_amount", USD, "Support over all time, USD."),
        Column("support_per_user_amount", USD, "Support over all time per user, USD."),
        Column("support_rank", "int", "Place by support, from 1; ties by country code."),
    ],
)
