"""Bronze: payments and companies, the latest version of each and all versions; times in UTC."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from engine.checks import Check, accepted_values, continuous, not_null
from engine.sources.spec import Pages
from engine.spec import Column, History, Latest
from systems.payments.config import FIRST_DAYS, OVERLAP_MINUTES, STATUSES, ZONE

PAYMENTS_SOURCE = Pages(
    "payments", key=["id"], sequence="updated_at", zone=ZONE, endpoint="payments",
    first_days=FIRST_DAYS, overlap_minutes=OVERLAP_MINUTES, grain="one row per version of a payment that was seen",
)  # fmt: skip
COMPANIES_SOURCE = Pages(
    "companies", key=["id"], sequence="updated_at", zone=ZONE, endpoint="companies", is_listing=True,
    grain="one row per version of a company that was seen",
)  # fmt: skip

PAYMENT = [
    Column("id", "bigint", "Payment.", path="id"),
    Column("company_code", "string", "Company that is paid, as AR-S-99999.", path="company_code"),
    Column("payment_at", "timestamp", "When the money moved, UTC; null while that is not known.", path="payment_at"),
    Column("status", "string", "pending, confirmed, failed or reversed.", path="status"),
    Column("amount", "decimal(15,2)", "Amount in pesos.", path="amount"),
    Column("external_client_id", "string", "Client, 64 hex digits; null if anonymous.", path="external_client_id", personal=True),
    Column("created_at", "timestamp", "When it was made, UTC.", path="created_at"),
    Column("updated_at", "timestamp", "When it changed last, UTC.", path="updated_at"),
]
COMPANY = [
    Column("id", "int", "Company.", path="id"),
    Column("company_code", "string", "Its code, as AR-S-99999.", path="company_code"),
    Column("company_name", "string", "Its name without stray blanks; not unique.", path="company_name"),
    Column("category_id", "int", "Category; null for some.", path="category_id"),
    Column("category_name", "string", "Name of the category.", path="category_name"),
    Column("is_top_biller", "boolean", "Whether it is one of the few that take half of all payments.", path="is_top_biller"),
    Column("closed_at", "timestamp", "When it closed, UTC; null while it is open.", path="closed_at"),
    Column("updated_at", "timestamp", "When it changed last, UTC.", path="updated_at"),
]
PAYMENT_CHECKS = [
    accepted_values("status", STATUSES),
    not_null("amount"),
    Check("amount is above 0", "amount > 0", "quarantine"),
    Check("a client has 64 hex digits", "external_client_id RLIKE '^[0-9a-f]{64}$'", "quarantine"),
]


def payments(records: DataFrame) -> DataFrame:
    """The latest version of every payment."""
    return _in_utc(records, "payment_at", "created_at", "updated_at")


def payments_history(records: DataFrame) -> DataFrame:
    """Every version of every payment that was seen."""
    return _in_utc(records, "payment_at", "created_at", "updated_at")


def companies(records: DataFrame) -> DataFrame:
    """The latest version of every company."""
    return _named(records)


def companies_history(records: DataFrame) -> DataFrame:
    """Every version of every company that was seen."""
    return _named(records)


def _named(records: DataFrame) -> DataFrame:
    return _in_utc(records, "closed_at", "updated_at").withColumn("company_name", F.trim("company_name"))


def _in_utc(records: DataFrame, *names: str) -> DataFrame:
    return records.withColumns({name: F.to_utc_timestamp(name, ZONE) for name in names})


PAYMENTS = Latest(
    build=payments, source="raw.payments", key=["id"], sequence="updated_at",
    grain="one row per payment", columns=PAYMENT, checks=PAYMENT_CHECKS,
)  # fmt: skip
PAYMENTS_HISTORY = History(
    build=payments_history, source="raw.payments", key=["id", "company_code"], sequence="updated_at",
    tracked=["payment_at", "status", "amount", "external_client_id"],
    grain="one row per payment, company and version", columns=PAYMENT,
    checks=[*PAYMENT_CHECKS, continuous("id", "company_code")],
)  # fmt: skip
COMPANIES = Latest(
    build=companies, source="raw.companies", key=["id"], sequence="updated_at",
    grain="one row per company", columns=COMPANY, checks=[not_null("company_code"), not_null("company_name")],
)  # fmt: skip
COMPANIES_HISTORY = History(
    build=companies_history, source="raw.companies", key=["id"], sequence="updated_at",
    tracked=["company_code", "company_name", "category_id", "category_name", "is_top_biller", "closed_at"],
    grain="one row per company and version", columns=COMPANY,
    checks=[not_null("company_code"), not_null("company_name"), continuous("id")],
)  # fmt: skip
