"""What runs cost, from the billing tables of a workspace; elsewhere there are none, and that is said."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.errors import PySparkException

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

USAGE, PRICES = "system.billing.usage", "system.billing.list_prices"
# The bundle names its jobs `tideline <job>`, in development behind a prefix. A retracted record has a negative quantity.
OUR_JOBS = "%tideline %"
COST = """
SELECT CAST(usage.usage_date AS STRING) AS day, usage.usage_metadata.job_name AS job, usage.usage_unit,
       CAST(sum(usage.usage_quantity) AS DOUBLE) AS quantity,
       CAST(sum(usage.usage_quantity * CAST(prices.pricing.effective_list.default AS DECIMAL(20, 6))) AS DOUBLE) AS usd
FROM IDENTIFIER(:usage) AS usage
LEFT JOIN IDENTIFIER(:prices) AS prices
  ON prices.sku_name = usage.sku_name AND prices.cloud = usage.cloud AND prices.usage_unit = usage.usage_unit
 AND prices.currency_code = 'USD' AND usage.usage_start_time >= prices.price_start_time
 AND (prices.price_end_time IS NULL OR usage.usage_start_time < prices.price_end_time)
WHERE usage.usage_date >= CAST(:since AS DATE) AND usage.usage_metadata.job_name LIKE :jobs
GROUP BY ALL ORDER BY day, job
"""
# What a missing or closed billing table is called by a workspace.
UNREADABLE = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "INSUFFICIENT_PERMISSIONS")


def read_cost(
    spark: SparkSession, since: datetime, *, usage: str = USAGE, prices: str = PRICES
) -> pd.DataFrame | None:
    """Usage of our jobs per day (day, job, usage_unit, quantity, usd at list prices), or None where it cannot be read.

    Billing arrives hours late; a usage without a list price has quantity and no usd.
    """
    if not _is_known(spark, usage):
        return None
    names = {"usage": usage, "prices": prices, "since": f"{since:%Y-%m-%d}", "jobs": OUR_JOBS}
    try:
        return spark.sql(COST, args=names).toPandas()
    except PySparkException as error:
        if any(condition in str(error) for condition in UNREADABLE):
            return None
        raise


def _is_known(spark: SparkSession, name: str) -> bool:
    """Whether there is such a catalogue, where the name has one: asking for a table of none leaves an error in the notebook."""
    catalog, *rest = name.split(".")
    return len(rest) < 2 or not spark.sql(f"SHOW CATALOGS LIKE '{catalog}'").isEmpty()
