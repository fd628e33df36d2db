"""Silver: who paid whom within the training window, and what companies are like; both as they were known by then.

A day ends at midnight of the service's zone. What changed after the end of the day `as_of` is not looked at, so that
a model that is judged on a later time learns from nothing of it.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from engine.checks import Check
from engine.spec import Column, Derived, Input
from systems.payments.config import TRAINING_DAYS, UNKNOWN, ZONE


def end_of(as_of: date) -> SparkColumn:
    """The midnight after a day of the service, as a moment in UTC."""
    return F.to_utc_timestamp(F.date_add(F.lit(as_of), 1).cast("timestamp"), ZONE)


def known_at(versions: DataFrame, moment: SparkColumn) -> DataFrame:
    """The version of every id that was valid at a moment: the one that was told last, by then as far as is known.

    A payment whose company was corrected has a version of both companies: its history is by id and company.
    """
    is_valid = (F.col("valid_from") < moment) & (F.col("valid_to").isNull() | (F.col("valid_to") >= moment))
    told = F.when(F.col("updated_at") < moment, F.col("updated_at")).otherwise(F.col("valid_from"))
    last = Window.partitionBy("id").orderBy(told.desc(), F.col("company_code").desc())
    return versions.where(is_valid).withColumn("_place", F.row_number().over(last)).where("_place = 1").drop("_place")


def client_company(payments: DataFrame, companies: DataFrame, as_of: date) -> DataFrame:
    """Confirmed payments of the training window per client and company; anonymous ones belong to nobody."""
    end = end_of(as_of)
    begins = end - F.make_dt_interval(F.lit(TRAINING_DAYS))
    paid = known_at(payments, end).where(
        (F.col("status") == "confirmed") & F.col("external_client_id").isNotNull() & (F.col("created_at") >= begins)
    )
    coded = known_at(companies, end).select("company_code", F.col("id").alias("company_id"))
    at = F.coalesce("payment_at", "created_at")
    return (
        paid.join(coded, "company_code")
        .groupBy("external_client_id", "company_id", "company_code")
        .agg(
            F.count(F.lit(1)).alias("n_payments"),
            F.sum("amount").cast("decimal(18,2)").alias("amount"),
            F.min(at).alias("first_paid_at"),
            F.max(at).alias("last_paid_at"),
        )
    )


def company_features(payments: DataFrame, companies: DataFrame, as_of: date) -> DataFrame:
    """What a model may know of a company at the end of a day.

    Categories are names, not sizes: here the name, from which `Taste.features` makes a column of 0 and 1 for each.
    """
    end = end_of(as_of)
    begins = end - F.make_dt_interval(F.lit(TRAINING_DAYS))
    confirmed = known_at(payments, end).where((F.col("status") == "confirmed") & (F.col("created_at") >= begins))
    per_client = Window.partitionBy("company_code", "external_client_id").orderBy("created_at", "id")
    gap = (F.unix_micros("created_at") - F.unix_micros(F.lag("created_at").over(per_client))) / 86_400_000_000
    measured = (
        confirmed.withColumn("gap_days", F.when(F.col("external_client_id").isNotNull(), gap))
        .groupBy("company_code")
        .agg(
            F.avg(F.log10("amount")).alias("mean_log10_amount"),
            F.median("gap_days").alias("median_gap_days"),
            F.count(F.lit(1)).alias("n_payments"),
            F.countDistinct("external_client_id").alias("n_clients"),
        )
    )
    return (
        known_at(companies, end)
        .join(measured, "company_code", "left")
        .select(
            F.col("id").alias("company_id"),
            "company_code",
            "company_name",
            F.coalesce("category_name", F.lit(UNKNOWN)).alias("category"),
            "is_top_biller",
            F.col("closed_at").isNotNull().alias("is_closed"),
            F.coalesce("n_payments", F.lit(0)).alias("n_payments"),
            F.coalesce("n_clients", F.lit(0)).alias("n_clients"),
            "mean_log10_amount",
            "median_gap_days",
        )
    )


VERSIONS = {"payments": Input("bronze.payments_history"), "companies": Input("bronze.companies_history")}

CLIENT_COMPANY = Derived(
    build=client_company,
    layer="silver",
    inputs=VERSIONS,
    key=["external_client_id", "company_id"],
    grain="one row per client and company that the client paid in the training window",
    columns=[
        Column("external_client_id", "string", "Client.", personal=True),
        Column("company_id", "int", "Company."),
        Column("company_code", "string", "Its code."),
        Column("n_payments", "bigint", "Confirmed payments."),
        Column("amount", "decimal(18,2)", "Their sum in pesos."),
        Column("first_paid_at", "timestamp", "First of them, UTC."),
        Column("last_paid_at", "timestamp", "Last of them, UTC."),
    ],
    checks=[Check("amount is above 0", "amount > 0", "fail")],
)

COMPANY_FEATURES = Derived(
    build=company_features,
    layer="silver",
    inputs=VERSIONS,
    key=["company_id"],
    grain="one row per company known at the end of the day",
    columns=[
        Column("company_id", "int", "Company."),
        Column("company_code", "string", "Its code."),
        Column("company_name", "string", "Its name."),
        Column("category", "string", "Its category, or unknown."),
        Column("is_top_biller", "boolean", "Whether it is one of the few that take half of all payments."),
        Column("is_closed", "boolean", "Whether it had closed."),
        Column("n_payments", "bigint", "Confirmed payments of the training window."),
        Column("n_clients", "bigint", "Clients who made them; anonymous ones do not count."),
        Column("mean_log10_amount", "double", "Mean of log10 of their amounts; null without payments."),
        Column("median_gap_days", "double", "Median time between two payments of a client, in days; null without."),
    ],
)
