"""The second opinion on the event log: DuckDB over the file's lines, by the definitions alone."""

from __future__ import annotations

import csv
import gzip
import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

WINDOW_HOURS, REPEAT_SECONDS = 48, 60
NAMES = ("SEARCH", "PRODUCT", "CHECKOUT_1", "CHECKOUT_2", "CHECKOUT_3", "BUY")
FIELDS = ("event_name", "item_id", "timestamp", "site", "experiments", "user_id")

# Times are microseconds since 1970, UTC. An event is a distinct line; its id, the line's SHA-256, breaks ties.
PREPARE = f"""
CREATE TABLE event AS
SELECT *, strftime(make_timestamp(at_us) - INTERVAL 4 HOUR, '%Y-%m-%d') AS local_day,
       strftime(make_timestamp(at_us) - INTERVAL 4 HOUR, '%Y-%m-%d %H') AS local_hour FROM (
  SELECT DISTINCT event_id, event_name, nullif(trim(item_id), '') AS item_id, experiments, user_id, at_us FROM line);
CREATE TABLE seen AS
SELECT *, coalesce(item_id, CASE WHEN event_name = 'SEARCH'
                            THEN lead(item_id) OVER (PARTITION BY user_id ORDER BY at_us, event_id) END) AS seen_item FROM event;
CREATE TABLE tagged AS
SELECT seen.*, trim(split_part(entry, '=', 1)) AS experiment, trim(split_part(entry, '=', 2)) AS variant
FROM seen, unnest(string_split(trim(experiments, '{{}} '), ',')) AS entries(entry) WHERE trim(entry) <> '';
CREATE TABLE contaminated AS
SELECT user_id, experiment, count(DISTINCT variant) > 1 AS is_contaminated FROM tagged GROUP BY ALL;
CREATE TABLE bought AS
SELECT user_id, coalesce(item_id, 'unknown') AS item_id, at_us,
       at_us - lag(at_us) OVER (PARTITION BY user_id, coalesce(item_id, 'unknown') ORDER BY at_us, event_id) AS gap
FROM event WHERE event_name = 'BUY';
CREATE TABLE purchase AS
SELECT user_id, item_id, at_us AS bought_at FROM bought WHERE gap IS NULL OR gap > {REPEAT_SECONDS} * 1000000;
CREATE TABLE exposure AS
SELECT experiment, variant, day, user_id, seen_item, is_contaminated, min(at_us) AS from_at
FROM (SELECT *, unnest([local_hour, local_day, 'whole']) AS day FROM tagged)
JOIN contaminated USING (user_id, experiment) GROUP BY ALL;
CREATE TABLE person AS
SELECT experiment, variant, day, user_id, is_contaminated, min(from_at) AS from_at FROM exposure GROUP BY ALL;
CREATE TABLE attributed AS
SELECT 'later_purchase' AS attribution, person.* EXCLUDE (from_at), item_id, bought_at FROM person JOIN purchase USING (user_id)
WHERE bought_at BETWEEN from_at AND from_at + {WINDOW_HOURS} * 3600000000
UNION
SELECT 'same_item', exposure.* EXCLUDE (from_at, seen_item), item_id, bought_at FROM exposure
JOIN purchase ON purchase.user_id = exposure.user_id AND purchase.item_id = exposure.seen_item
WHERE bought_at BETWEEN from_at AND from_at + {WINDOW_HOURS} * 3600000000;
"""
RESULTS = """
WITH participants AS (
  SELECT experiment, variant, day, attribution, count(*) FILTER (NOT is_contaminated) AS n, count(*) AS n_all
  FROM person, (VALUES ('later_purchase'), ('same_item')) AS rule(attribution) GROUP BY ALL),
counted AS (
  SELECT experiment, variant, day, attribution,
         count(DISTINCT user_id) FILTER (NOT is_contaminated) AS buyers,
         count(DISTINCT (user_id, item_id, bought_at)) FILTER (NOT is_contaminated) AS purchases,
         count(DISTINCT user_id) AS buyers_all, count(DISTINCT (user_id, item_id, bought_at)) AS purchases_all
  FROM attributed GROUP BY ALL)
SELECT experiment, variant, day, attribution, n, coalesce(buyers, 0), coalesce(purchases, 0),
       n_all, coalesce(buyers_all, 0), coalesce(purchases_all, 0)
FROM participants LEFT JOIN counted USING (experiment, variant, day, attribution)
ORDER BY ALL
"""
# Steps follow the user: any event at or after the exposure counts, of BUY the purchases. A variant that only contaminated
# users met has steps that nobody came to.
FUNNEL = f"""
WITH step AS (SELECT user_id, event_name, at_us FROM event WHERE event_name <> 'BUY'
              UNION SELECT user_id, 'BUY', bought_at FROM purchase),
clean AS (SELECT * FROM person WHERE NOT is_contaminated),
came AS (
  SELECT experiment, variant, day, event_name, count(DISTINCT user_id) AS n FROM clean JOIN step USING (user_id)
  WHERE at_us BETWEEN from_at AND from_at + {WINDOW_HOURS} * 3600000000 GROUP BY ALL),
part AS (SELECT experiment, variant, day, count(*) FILTER (NOT is_contaminated) AS n_participants FROM person GROUP BY ALL)
SELECT experiment, variant, day, place, event_name, coalesce(n, 0), n_participants
FROM part CROSS JOIN (SELECT unnest({list(NAMES)}) AS event_name, generate_subscripts({list(NAMES)}, 1) AS place)
LEFT JOIN came USING (experiment, variant, day, event_name)
"""
USERS = "SELECT experiment, day, count(DISTINCT user_id) FROM person GROUP BY ALL"


def texts_of(file: Path) -> list[str]:
    """The lines of a log, its header left out."""
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return [text for text in content.decode().split("\n")[1:] if text]


def is_good(text: str) -> bool:
    """Whether a line has six fields, a known name, a time, a user, and a map that names each experiment once."""
    fields = next(csv.reader([text]))
    if len(fields) != len(FIELDS) or fields[0] not in NAMES or not fields[5].strip():
        return False
    entries = [entry.split("=") for entry in fields[4].strip()[1:-1].split(",")] if fields[4] != "{}" else []
    is_map = fields[4].startswith("{") and fields[4].endswith("}")
    has_pairs = all(len(entry) == 2 and all(_is_word(part) for part in entry) for entry in entries)
    has_each_once = len({tuple(entry) for entry in entries}) == len({entry[0].strip() for entry in entries})
    try:
        _microseconds(fields[2])
    except ValueError:
        return False
    return is_map and has_pairs and has_each_once


def _is_word(part: str) -> bool:
    return bool(part.strip()) and not {"{", "}"} & set(part)


def _microseconds(time: str) -> int:
    return round(datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000) * 1000


def _line(text: str) -> tuple[Any, ...]:
    fields = next(csv.reader([text]))
    return (hashlib.sha256(text.encode()).hexdigest(), *fields, _microseconds(fields[2]))


def reckon(*files: Path) -> duckdb.DuckDBPyConnection:
    """A connection that holds what was reckoned: `line`, `event`, `tagged`, `purchase`, `person`, `attributed`."""
    connection = duckdb.connect()
    lines = [_line(text) for file in files for text in texts_of(file) if is_good(text)]
    connection.register("lines", pd.DataFrame(lines, columns=["event_id", *FIELDS, "at_us"]))
    connection.execute("CREATE TABLE line AS SELECT * FROM lines")
    connection.execute(PREPARE)
    return connection
