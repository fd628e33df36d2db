"""Silver: every comment as features, for what learns from it."""

from __future__ import annotations

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input
from systems.community import config, features, readability, texts
from utils.shipping import by_value

by_value(config, features, readability, texts)


def comment_features(comments: DataFrame) -> DataFrame:
    """Language, words and measures of every comment, from its text alone."""
    given = comments.select("comment_id", "post_id", "body")
    schema = f"comment_id string, post_id string, body string, {features.DESCRIBED}"
    described = given.mapInPandas(features.describe_batches, schema)
    return described.withColumn("english_text", english(config.TO_ENGLISH)).drop("body")


def english(to_english: str) -> SparkColumn:
    """The text in English by a translator's SQL over `body` and `language`; English as it is. Null without a translator."""
    if not to_english:
        return F.lit(None).cast("string")
    is_english, is_unknown = F.col("language") == "en", F.col("language") == config.UNKNOWN
    return F.when(is_english, F.col("body")).when(is_unknown, F.lit(None)).otherwise(F.expr(to_english))


COMMENT_FEATURES = Derived(
    build=comment_features,
    layer="silver",
    inputs={"comments": Input("silver.comments")},
    key=["comment_id"],
    slice_by="comment_id",
    grain="one row per comment",
    columns=[
        Column("comment_id", "string", "Comment."),
        Column("post_id", "string", "Post that is commented."),
        Column("language", "string", "Language that the text is in, by its letters; unknown where it says too little."),
        Column("normalised_text", "string", "Its words in small letters, without stop words, with spaces.", personal=True),
        Column("english_text", "string", "The text in English; null unless config.TO_ENGLISH names a translator.", personal=True),
        Column("n_words", "int", "Words. Chinese, Japanese and Thai, which have no spaces, are cut by a model."),
        Column("readability", "double", "Flesch's reading ease or its language's variant; null where that has none."),
        Column("lexical_diversity", "double", "Distinct words per word, 0 to 1, over stretches of 50; null without words."),
    ],
    checks=[
        Check("diversity is a share", "lexical_diversity > 0 AND lexical_diversity <= 1", "fail"),
        Check("a comment without words has none", "n_words > 0 OR normalised_text = ''", "fail"),
    ],
)
