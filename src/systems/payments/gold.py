"""Gold: which companies belong together, which are popular, and what a client is recommended, under a pseudonym."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input, Published
from systems.payments.config import (
    LEAST_COMMON_CLIENTS,
    MOST_COMPANIES_PER_CLIENT,
    NEIGHBOURS,
    POPULAR,
    RECOMMENDED,
)

if TYPE_CHECKING:  # readers of the tables need none of the model's libraries
    from systems.payments.recommender import Recommender


def company_similarity(paid: DataFrame, companies: DataFrame) -> DataFrame:
    """The nearest companies of each open one, by the cosine of who paid them: common clients over the root of both counts.

    Presence counts, not how often: a monthly bill is no stronger taste than a yearly one. Ties go to the smaller id.
    """
    per_client = Window.partitionBy("external_client_id")
    n_companies = F.count(F.lit(1)).over(per_client)
    people = paid.withColumn("n", n_companies).where(F.col("n").between(2, MOST_COMPANIES_PER_CLIENT))
    left = people.select("external_client_id", "company_id")
    right = people.select("external_client_id", F.col("company_id").alias("neighbour_id"))
    pairs = (
        left.join(right, "external_client_id")
        .where("company_id <> neighbour_id")
        .groupBy("company_id", "neighbour_id")
        .agg(F.count(F.lit(1)).alias("n_common"))
        .where(F.col("n_common") >= LEAST_COMMON_CLIENTS)
    )
    counted = companies.where("NOT is_closed AND n_clients > 0").select("company_id", "n_clients")
    of_neighbour = counted.select(F.col("company_id").alias("neighbour_id"), F.col("n_clients").alias("n_neighbour"))
    scored = (
        pairs.join(counted, "company_id")
        .join(of_neighbour, "neighbour_id")
        .withColumn("cosine", F.col("n_common") / F.sqrt(F.col("n_clients") * F.col("n_neighbour")))
    )
    nearest = Window.partitionBy("company_id").orderBy(F.desc("cosine"), "neighbour_id")
    ranked = scored.withColumn("rank", F.row_number().over(nearest)).where(F.col("rank") <= NEIGHBOURS)
    return ranked.select("company_id", "rank", "neighbour_id", "n_common", "cosine")


def popular_companies(companies: DataFrame) -> DataFrame:
    """Open companies by their clients, within their category and among all of them (`category` is `all`)."""
    open_ones = companies.where("NOT is_closed AND n_clients > 0")
    listed = open_ones.unionByName(open_ones.withColumn("category", F.lit("all")))
    order = Window.partitionBy("category").orderBy(F.desc("n_clients"), F.desc("n_payments"), "company_id")
    ranked = listed.withColumn("rank", F.row_number().over(order)).where(F.col("rank") <= POPULAR)
    return ranked.select("category", "rank", "company_id", "company_code", "company_name", "n_clients", "n_payments")


def recommendations(recommender: Recommender) -> pd.DataFrame:
    """The first places of every client, as the API would answer; made by `notebooks/ml/payments_recommender.py`."""
    ranked = recommender.recommend(np.arange(len(recommender.clients)), RECOMMENDED, threads=2)
    rows, ranks = np.nonzero(ranked.companies >= 0)
    columns, because = ranked.companies[rows, ranks], ranked.because[rows, ranks]
    ids, names, codes = (recommender.companies[f"company_{part}"].to_numpy() for part in ("id", "name", "code"))
    reasons = {int(each): recommender.reason(int(each)) for each in np.unique(because)}
    return pd.DataFrame(
        {
            "client": recommender.clients[rows].astype(str),
            "rank": (ranks + 1).astype(np.int32),
            "company_id": ids[columns].astype(np.int32),
            "company_code": codes[columns],
            "company_name": names[columns],
            "score": ranked.scores[rows, ranks].astype(float),
            "reason": [reasons[int(each)] for each in because],
        }
    )


COMPANY_SIMILARITY = Derived(
    build=company_similarity,
    layer="gold",
    inputs={"paid": Input("silver.client_company"), "companies": Input("silver.company_features")},
    key=["company_id", "rank"],
    grain="one row per company and near company",
    columns=[
        Column("company_id", "int", "Company."),
        Column("rank", "int", "Place of the neighbour, from 1: the nearest."),
        Column("neighbour_id", "int", "Company near it."),
        Column("n_common", "bigint", "Clients who paid both in the training window."),
        Column("cosine", "double", "Common clients over the root of the product of both companies' clients, 0 to 1."),
    ],
    checks=[Check("cosine is from 0 to 1", "cosine BETWEEN 0 AND 1.000000001", "fail")],
)

POPULAR_COMPANIES = Derived(
    build=popular_companies,
    layer="gold",
    inputs={"companies": Input("silver.company_features")},
    key=["category", "rank"],
    grain="one row per category (all: every one) and place",
    columns=[
        Column("category", "string", "Category, unknown, or all."),
        Column("rank", "int", "Place, from 1."),
        Column("company_id", "int", "Company."),
        Column("company_code", "string", "Its code."),
        Column("company_name", "string", "Its name."),
        Column("n_clients", "bigint", "Clients in the training window."),
        Column("n_payments", "bigint", "Confirmed payments in the training window."),
    ],
)

RECOMMENDATIONS = Published(
    build=recommendations,
    inputs=["silver.client_company", "silver.company_features", "gold.popular_companies"],
    key=["client", "rank"],
    grain="one row per client who paid in the training window, and place",
    columns=[
        Column("client", "string", "Pseudonym of the client.", pseudonym=True),
        Column("rank", "int", "Place, from 1: the best."),
        Column("company_id", "int", "Open company that the client has not paid in the training window."),
        Column("company_code", "string", "Its code."),
        Column("company_name", "string", "Its name."),
        Column("score", "double", "The model's score, comparable within a client only."),
        Column("reason", "string", "Why, in a sentence."),
    ],
    checks=[Check("rank is one of the first places", f"rank BETWEEN 1 AND {RECOMMENDED}", "fail")],
)
