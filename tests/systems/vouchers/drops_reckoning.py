"""The second opinion: what bronze, silver and gold must say, by DuckDB over the delivered files alone.

Segments, rules and ties are written out once more here, from what the business said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

ORDERS = "CASE WHEN n <= 4 THEN '0-4' WHEN n <= 13 THEN '5-13' WHEN n <= 37 THEN '14-37' ELSE '38+' END"
DAYS = (
    "CASE WHEN {0} < 0 THEN NULL WHEN {0} <= 29 THEN '0-29' WHEN {0} <= 60 THEN '30-60' WHEN {0} <= 90 THEN '61-90' "
    "WHEN {0} <= 120 THEN '91-120' WHEN {0} <= 180 THEN '121-180' ELSE '180+' END"
)
HAS_DATE = "regexp_matches({0}, '^[0-9]{{4}}-')"
DELIVERED = f"""
CREATE TABLE delivered AS SELECT *,
    coalesce(nullif(trim(country_code), ''), 'unknown') AS country,
    CASE WHEN {HAS_DATE.format("timestamp")} THEN try_cast(timestamp AS timestamptz) END AS used,
    CASE WHEN {HAS_DATE.format("last_order_ts")} THEN try_cast(last_order_ts AS timestamp) END AS last,
    first_order_ts AT TIME ZONE 'UTC' AS first,
    try_cast(total_orders AS double) AS n,
    hash(timestamp, country_code, last_order_ts, first_order_ts, total_orders, voucher_amount) AS content
FROM (SELECT timestamp, country_code, last_order_ts, first_order_ts, total_orders, voucher_amount, filename, file_row_number
      FROM read_parquet($files, filename = true, file_row_number = true, union_by_name = true))
"""
GOOD = """
CREATE TABLE good AS SELECT * FROM delivered
WHERE country <> 'unknown' AND used IS NOT NULL AND last IS NOT NULL AND first IS NOT NULL AND first <= last
  AND (total_orders = '' OR total_orders IS NULL OR (n IS NOT NULL AND n >= 0 AND n = floor(n)))
  AND coalesce(voucher_amount >= 0, true)
"""
COUNTED = """
CREATE TABLE cleaned AS SELECT *, date_diff('day', last::date, (used AT TIME ZONE 'UTC')::date) AS days,
       date_diff('day', last::date, $as_of::date) AS days_at_as_of
FROM (SELECT DISTINCT ON (content) * FROM good WHERE country = 'Peru' AND voucher_amount IS NOT NULL AND n IS NOT NULL)
"""
SEGMENTS = f"""
WITH counted AS (SELECT * FROM cleaned WHERE used < ($as_of::date + 1)::timestamp AT TIME ZONE 'UTC'),
     kinds AS (
        SELECT country, 'frequent_segment' AS kind, 'none' AS reference, {ORDERS} AS segment, voucher_amount FROM counted
        UNION ALL SELECT country, 'recency_segment', 'voucher_time', {DAYS.format("days")}, voucher_amount FROM counted
        UNION ALL SELECT country, 'recency_segment', 'as_of', {DAYS.format("days_at_as_of")}, voucher_amount FROM counted),
     summed AS (SELECT country, kind, reference, segment, voucher_amount, count(*) AS uses
                FROM kinds WHERE segment IS NOT NULL GROUP BY ALL)
SELECT country, kind, reference, segment, voucher_amount, uses, uses * voucher_amount AS total_amount,
       uses / sum(uses) OVER whole AS share,
       row_number() OVER (PARTITION BY country, kind, reference, segment
                          ORDER BY uses DESC, uses * voucher_amount DESC, voucher_amount) AS rank, $as_of::date
FROM summed WINDOW whole AS (PARTITION BY country, kind, reference, segment)
"""
REPORT = """
SELECT d.country, d.rows, d.rows, coalesce(g.rows, 0), coalesce(g.peru, 0), coalesce(g.amounts, 0), coalesce(g.orders, 0),
       coalesce(c.distinct_rows, 0), coalesce(c.counted, 0), coalesce(c.flagged, 0)
FROM (SELECT country, count(*) AS rows FROM delivered GROUP BY country) d
LEFT JOIN (SELECT country, count(*) AS rows, count(*) FILTER (country = 'Peru') AS peru,
                  count(*) FILTER (country = 'Peru' AND voucher_amount IS NOT NULL) AS amounts,
                  count(*) FILTER (country = 'Peru' AND voucher_amount IS NOT NULL AND n IS NOT NULL) AS orders
           FROM good GROUP BY country) g USING (country)
LEFT JOIN (SELECT country, count(*) AS distinct_rows, count(*) FILTER (is_counted) AS counted,
                  count(*) FILTER (is_counted AND days < 0) AS flagged
           FROM (SELECT *, used < ($as_of::date + 1)::timestamp AT TIME ZONE 'UTC' AS is_counted FROM cleaned)
           GROUP BY country) c USING (country)
ORDER BY 1
"""
PROFILE = """
SELECT country, count(*), count(DISTINCT filename), count(*) - count(DISTINCT content),
       count(*) FILTER (voucher_amount IS NULL), count(*) FILTER (coalesce(total_orders, '') = ''),
       count(*) FILTER ((used AT TIME ZONE 'UTC')::date < last::date), count(*) FILTER (first > last),
       count(*) FILTER (n = 0 AND first::date < last::date),
       median(CASE WHEN n = floor(n) THEN n END), max(CASE WHEN n = floor(n) THEN n END)::int
FROM delivered GROUP BY country ORDER BY 1
"""


def reckon(files: Sequence[Path], as_of: date) -> duckdb.DuckDBPyConnection:
    """Tables `delivered`, `good` and `cleaned` of the files that can be read."""
    found = duckdb.connect()
    found.execute("SET TimeZone = 'UTC'")
    readable = [str(file) for file in files if file.read_bytes()[-4:] == b"PAR1"]
    found.execute(DELIVERED, {"files": readable})
    found.execute(GOOD)
    found.execute(COUNTED, {"as_of": str(as_of)})
    return found


def segments(reckoned: duckdb.DuckDBPyConnection, as_of: date) -> list[tuple[Any, ...]]:
    """Rows of `segment_vouchers`."""
    return sorted(reckoned.execute(SEGMENTS, {"as_of": str(as_of)}).fetchall())


def report(reckoned: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, tuple[list[int], int]]:
    """Country -> rows delivered and left by every rule but the flag; rows that are flagged."""
    rows = reckoned.execute(REPORT, {"as_of": str(as_of)}).fetchall()
    return {row[0]: (list(row[1:9]), row[9]) for row in rows}
