"""Every dashboard as a notebook, in a real kernel, over gold tables with a few rows and over empty ones."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from engine.run_log import OPS_TABLES
from engine.spec import Derived
from systems.ab_testing.gold.experiment_results import EXPERIMENT_RESULTS
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.format import read_notebook
from tideline.workspace.notebook.pool import KernelPool
from tideline.workspace.notebook.results import NotebookResult, NotebookTask
from tideline.workspace.server import ServerAddress

pytestmark = pytest.mark.long

# Per dashboard: how many figures and how many tables it shows.
DASHBOARDS = {
    "community_users": (6, 2),
    "community_posts": (5, 0),
    "community_votes": (6, 1),
    "community_top_countries": (1, 1),
    "community_post_comments_summary": (3, 1),
    "ab_testing": (5, 3),
    "funnel": (3, 2),
    "vouchers": (6, 3),
    "operations": (8, 3),
    "profile": (5, 3),
}
SYSTEMS = ("community", "ab_testing", "funnel", "vouchers")
SHOWN = ("silver", "gold")
# What dashboards read besides gold.
BELOW_GOLD = {"community_post_comments_summary": '"silver.comments"'}
VARIANTS = next(column.type for column in EXPERIMENT_RESULTS.columns if column.name == "variants")
ROWS = {
    "users_by_country": "('BR', 4, 1, 2, 1, 1, 9.50, 10.00, 5.00, 5.00), ('unknown', 2, 0, 0, 0, 0, 0, 0, 0, 0)",
    "support_distribution": "('a1', 'BR', 'patron', 9.50, 10.00, 5.00), ('b2', 'unknown', 'none', 0, 0, 0)",
    "monthly_activity": "(date'2024-01-01', 1, 0, 2, 0, 0), (date'2024-02-01', 0, 1, 1, 3, 5)",
    "monthly_support": (
        "(date'2024-01-01', 1, 5.00, 10.00, 1, 5.00, 10.00, 2, 0, true), "
        "(date'2024-02-01', 2, 9.00, 19.00, 1, 4.00, 9.00, 3, 0, false)"
    ),
    "monthly_forecast": (
        "('support', date'2024-02-01', 5.0, null, null, 0.8, null, 'last month again', 'too little history: 1 month', "
        "date'2024-01-01', 1, 'not registered', 'f00'), "
        "('votes', date'2024-02-01', 3.0, 2.0, 4.0, 0.8, 0.75, 'seasonal naive', 'errs least, and is naive', "
        "date'2024-01-01', 1, 'not registered', 'f00'), "
        "('comments', date'2024-02-01', 2.0, 1.0, 3.0, 0.8, 0.75, 'seasonal naive', 'errs least, and is naive', "
        "date'2024-01-01', 1, 'not registered', 'f00')"
    ),
    "daily_activity": "(date'2024-01-09', 'BR', 'patron', 2, 0, 0), (date'2024-02-03', 'unknown', 'none', 1, 3, 5)",
    "comments": (
        "('c1', 'p1', 'u1', 'please add maps', 15, timestamp'2024-01-09', timestamp'2024-01-09', 'post', timestamp'2024-01-08', "
        "'BR', 'patron', true, true), "
        "('c2', 'p1', 'u2', 'yes, maps', 9, timestamp'2024-01-10', timestamp'2024-01-10', 'post', timestamp'2024-01-08', "
        "'unknown', 'none', true, true), "
        "('c3', 'p2', 'u1', 'more music', 10, timestamp'2024-02-03', timestamp'2024-02-03', 'poll', timestamp'2024-02-01', "
        "'BR', 'patron', true, true), "
        "('c4', 'p9', 'u1', 'where am I', 10, timestamp'2024-02-03', timestamp'2024-02-03', null, null, "
        "'BR', 'patron', false, true)"
    ),
    "comment_summaries": (
        "('p1', 'en', 'A map', 2, 'h', 'model', '', 'm', 'v1', 'Both ask for maps.', array('maps'), 'positive', "
        "array(named_struct('request', 'maps', 'n_comments', 2)), 0.001, 900, 60, date'2024-02-01')"
    ),
    "daily_poll_votes": (
        "(date'2024-02-03', 'p1', 0, true, 2, 4, 1), (date'2024-02-03', 'p1', 1, true, 1, 1, 0), "
        "(date'2024-02-04', 'gone', 0, false, 1, 20, 0)"
    ),
    "poll_results": (
        "('p1', 0, 'Which song?', 'A ballad', '2024-02-01', 2, 4, 1, 0.667, 0.8, 1.0), "
        "('p1', 1, 'Which song?', 'A waltz', '2024-02-01', 1, 1, 0, 0.333, 0.2, 0.0), "
        "('gone', 0, 'unknown', 'unknown', 'unknown', 1, 20, 0, 1.0, 1.0, 0.0)"
    ),
    "country_ranking": "('BR', 4, 1, 2, 0, 0, 10.00, 2.50, 1), ('unknown', 2, 0, 1, 3, 5, 0, 0, 2)",
    "variant_results": (
        "('a/b', 'DEFAULT', 'whole', 'whole', 'later_purchase', 48, 10, 2, 3, 0.2, 0.1, 0.4, 19, 11, 2, 3), "
        "('a/b', 'DEFAULT', '2024-01-09', 'day', 'later_purchase', 48, 10, 2, 3, 0.2, 0.1, 0.4, 10, 11, 2, 3), "
        "('a/b', '7', 'whole', 'whole', 'later_purchase', 48, 9, 1, 1, 0.1, 0.0, 0.4, 19, 9, 1, 1)"
    ),
    "experiment_results": (
        "('a/b', 'whole', 'whole', 'later_purchase', 48, 'too little data', null, 'DEFAULT', 'DEFAULT', 2, 19, 3, 19, 0, "
        "'fisher exact', 1.0, 1.0, 0.8, 0.7, 0.01, from_json('[{\"variant\": \"7\", \"n_participants\": 9, "
        "\"difference\": -0.1, \"difference_low\": -0.3, \"difference_high\": 0.1, \"probability_best\": 0.3}, "
        "{\"variant\": \"DEFAULT\", \"n_participants\": 10, \"probability_best\": 0.7}]', '" + VARIANTS + "'))"
    ),
    "experiment_funnel": (
        "('a/b', 'DEFAULT', 'whole', 'whole', 1, 'SEARCH', 4, 10, 0.4, 'later_purchase', 48), "
        "('a/b', 'DEFAULT', 'whole', 'whole', 2, 'PRODUCT', 9, 10, 0.9, 'later_purchase', 48), "
        "('a/b', '7', 'whole', 'whole', 1, 'SEARCH', 3, 9, 0.33, 'later_purchase', 48)"
    ),
    "funnel_steps": (
        "('purchase', date'2023-06-01', 'mobile', 'female', 'ads', 'closed', 1, 'landing', 'search', 9, 4, 0, 44.4, 55.6, null), "
        "('purchase', date'2023-06-01', 'mobile', 'female', 'ads', 'closed', 2, 'search', 'product', 4, 0, 0, 0, 100, null), "
        "('purchase', date'2023-06-01', 'mobile', 'female', 'ads', 'open', 1, 'landing', 'search', 9, 4, 0, 44.4, 55.6, null)"
    ),
    "funnel_breaks": (
        "('purchase', 'closed', 1, 'landing', 'search', 'device', 'mobile', date'2023-06-05', date'2023-06-04', "
        "date'2023-06-07', 0.6, 0.4, -0.2, -0.3, -0.1, 0.001, 1, null, null, null, null, null)"
    ),
    "segment_vouchers": (
        "('Peru', 'frequent_segment', 'none', '38+', 4400, 60, 264000, 0.6, 1, date'2023-06-02'), "
        "('Peru', 'frequent_segment', 'none', '38+', 2640, 40, 105600, 0.4, 2, date'2023-06-02'), "
        "('Peru', 'recency_segment', 'voucher_time', '180+', 2640, 10, 26400, 1.0, 1, date'2023-06-02'), "
        "('Peru', 'recency_segment', 'as_of', '91-120', 2640, 10, 26400, 1.0, 1, date'2023-06-02')"
    ),
    "cleaning_report": "('Peru', 1, 'delivered again: the same', 9, 1, 8, 0, date'2023-06-02')",
    "drop_profile": (
        "('Peru', 1500, 2, 3, 1, 80, 120, 110, 1, 20, timestamp'2023-01-01', timestamp'2023-06-02', 6, 700), "
        "('China', 900, 2, 1, 0, 120, 70, 66, 1, 9, null, null, null, null)"
    ),
    "drop_columns": "('Peru', 'total_orders', 'string', 'int', 1500, 0, 120, 1, 90, '0', '700')",
    "amount_rows": "('Peru', 2640, 900), ('China', 30, 500)",
}


LOGS = {  # one row per log; columns that are not named are null
    "table_runs": {
        "run_id": "'r1'", "kind": "'run'", "system": "'community'", "layer": "'gold'", "table_name": "'gold.users_by_country'",
        "status": "'written'", "inserted": "7", "updated": "0", "deleted": "0", "started_at": "now() - INTERVAL 3 HOURS",
        "finished_at": "now() - INTERVAL 2 HOURS", "seconds": "3600",
    },
    "checks": {
        "run_id": "'r1'", "system": "'community'", "table_name": "'silver.votes'", "check_name": "'the poll exists'",
        "severity": "'info'", "read": "9", "broken": "2", "checked_at": "now() - INTERVAL 2 HOURS",
    },
    "schema_changes": {
        "run_id": "'r1'", "system": "'community'", "table_name": "'bronze.users'", "column_name": "'new'", "change": "'added'",
        "found": "'string'", "was": "''", "changed_at": "now() - INTERVAL 2 HOURS",
    },
}  # fmt: skip


class Gold:
    """Gold of the systems, and the logs, by prefix: `full_` holds a few rows, `empty_` none. Views: a dashboard only reads."""

    def __init__(self, spark: SparkSession, prefix: str) -> None:
        self.spark, self.prefix = spark, prefix
        for kind in ("full", "empty"):
            for system in SYSTEMS:
                home = f"{prefix}{kind}_{system}"
                for layer in SHOWN:
                    spark.sql(f"CREATE SCHEMA {home}_{layer}").collect()
                for table in self._tables(system):
                    spark.sql(f"CREATE VIEW {home}_{table.layer}.{table.name} AS {self._rows(table, kind)}").collect()
        spark.sql(f"CREATE SCHEMA {prefix}full_ops").collect()
        for log, (columns, _) in OPS_TABLES.items():
            values = [f"CAST({LOGS[log].get(each.name, 'NULL')} AS {each.type}) AS {each.name}" for each in columns]
            spark.sql(f"CREATE VIEW {prefix}full_ops.{log} AS SELECT {', '.join(values)}").collect()

    @staticmethod
    def _tables(system: str) -> list[Derived]:
        tables = importlib.import_module(f"systems.{system}.system").SYSTEM.tables
        return [table for table in tables if table.name in ROWS and table.layer in SHOWN]

    @staticmethod
    def _rows(table: Derived, kind: str) -> str:
        """The rows in the types that the table's spec declares."""
        typed = [f"CAST(c{n} AS {column.type}) AS {column.name}" for n, column in enumerate(table.columns)]
        names = ", ".join(f"c{n}" for n in range(len(table.columns)))
        return f"SELECT {', '.join(typed)} FROM VALUES {ROWS[table.name]} AS given({names}) WHERE {kind == 'full'}"


class Stage:
    """Runs a dashboard of the repository."""

    def __init__(self, gold: Gold, pool: KernelPool, root: Path) -> None:
        self.gold, self.pool, self.root = gold, pool, root

    @cache  # noqa: B019 (one stage per module)
    def run(self, name: str, kind: str = "full", **parameters: str) -> NotebookResult:
        """A run is made once per module: nothing that it reads changes."""
        given = {"catalog": "spark_catalog", "schema_prefix": f"{self.gold.prefix}{kind}_", **parameters}
        path = self.root / "notebooks" / "dashboards" / f"{name}.py"
        task = NotebookTask(path=path, root=self.root, parameters=given, timeout_seconds=120)
        return self.pool.run(task, on_event=lambda event: None, cancel=None)


@pytest.fixture(scope="module")
def stage(
    spark: SparkSession,
    spark_server: ServerAddress,
    tmp_path_factory: pytest.TempPathFactory,
    repository: Path,
) -> Iterator[Stage]:
    prefix = f"d{abs(hash(str(tmp_path_factory.getbasetemp()))) % 10**8}_"
    gold = Gold(spark, prefix)
    with KernelPool(spark_server, Layout(tmp_path_factory.mktemp("home")), repository, size=2) as pool:
        yield Stage(gold, pool, repository)
    for row in spark.sql(f"SHOW SCHEMAS LIKE '{prefix}*'").collect():
        spark.sql(f"DROP SCHEMA `{row[0]}` CASCADE").collect()


def outputs(result: NotebookResult) -> list[str]:
    """Per output of the notebook: `figure` or `table`."""
    kinds = [output.get("data", {}) for cell in result.cells for output in cell.outputs]
    return ["figure" if "image/png" in data else "table" for data in kinds if data]


@pytest.mark.parametrize("kind", ["full", "empty"])
@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_shows_its_figures_also_over_empty_tables(stage: Stage, name: str, kind: str) -> None:
    result = stage.run(name, kind)
    assert result.state == "SUCCESS", result.error
    assert (outputs(result).count("figure"), outputs(result).count("table")) == DASHBOARDS[name]


def test_a_widget_changes_the_next_run(stage: Stage) -> None:
    by_default, with_few_classes = (
        stage.run("community_users", "full"),
        stage.run("community_users", n_bins="5"),
    )
    assert [cell.outputs for cell in by_default.cells] != [cell.outputs for cell in with_few_classes.cells]


def test_another_poll_order_system_or_table_changes_the_next_run(stage: Stage) -> None:
    chosen = {
        "community_votes": {"post_id": "gone"}, "community_top_countries": {"sort": "votes", "n_countries": "1"},
        "operations": {"system": "funnel"}, "profile": {"table": "gold.daily_activity", "end": "2024-01-31"},
    }  # fmt: skip
    for name, widgets in chosen.items():
        changed = stage.run(name, **widgets)
        assert changed.state == "SUCCESS", changed.error
        assert [cell.outputs for cell in changed.cells] != [cell.outputs for cell in stage.run(name, "full").cells]


@pytest.mark.parametrize("breakdown", ["none", "device", "sex", "channel"])
@pytest.mark.parametrize("counting", ["closed", "open"])
def test_the_funnel_is_shown_by_every_breakdown_and_in_a_range_without_data(
    stage: Stage, counting: str, breakdown: str
) -> None:
    shown = stage.run("funnel", counting=counting, breakdown=breakdown)
    nothing = stage.run("funnel", counting=counting, breakdown=breakdown, start_date="2031-01-01")
    for result in (shown, nothing):
        assert result.state == "SUCCESS", result.error
        assert len(outputs(result)) == sum(DASHBOARDS["funnel"])


def test_the_vouchers_are_shown_by_both_references_and_on_a_day_that_the_tables_do_not_have(stage: Stage) -> None:
    for widgets in ({"reference": "as_of"}, {"as_of": "2031-01-01"}, {"country_code": "Peru"}, {"country_code": "China"}):
        result = stage.run("vouchers", **widgets)
        assert result.state == "SUCCESS", result.error
        assert len(outputs(result)) == sum(DASHBOARDS["vouchers"])


@pytest.mark.parametrize(
    ("name", "widgets", "said"),
    [
        ("community_users", {"per_country_order": "n_users; DROP TABLE x"}, "lifetime_support"),
        ("community_votes", {"post_id": "p2"}, "p1"),
        ("community_votes", {"start_date": "2024-03-01", "end_date": "2024-02-01"}, "a start before the end"),
        ("community_top_countries", {"sort": "support; DROP TABLE x"}, "weighted_votes"),
        ("community_top_countries", {"n_countries": "0"}, "a whole number from 1 to 40"),
        ("operations", {"system": "shop"}, "community"),
        ("operations", {"days": "0"}, "a whole number from 1 to 366"),
        ("profile", {"table": "gold.user_by_country"}, "community_gold.users_by_country"),
        ("profile", {"table": "gold.users_by_country", "start": "2024-01-01"}, "has no time"),
        ("ab_testing", {"experiment": "a/c"}, "a/b"),
        ("funnel", {"funnel": "pages", "breakdown": "channel"}, "none, device, sex"),
        ("community_post_comments_summary", {"post_id": "p1' OR '1'='1"}, "the id of a post that has comments"),
        ("community_post_comments_summary", {"language": "klingon"}, "en"),
        ("funnel", {"funnel": "purchases"}, "purchase"),
        ("vouchers", {"country_code": "Peru' OR '1'='1"}, "all, China, Peru"),
        ("vouchers", {"reference": "wall_clock"}, "voucher_time"),
        ("vouchers", {"as_of": "yesterday"}, "a date like"),
        ("funnel", {"start_date": "2023-07-01", "end_date": "2023-06-01"}, "an end not before the start"),
    ],
)
def test_a_wrong_widget_is_said_in_one_sentence(
    stage: Stage, name: str, widgets: dict[str, str], said: str
) -> None:
    result = stage.run(name, **widgets)
    assert result.state == "FAILED" and result.error is not None
    assert said in result.error.message


def test_a_post_is_shown_as_it_was_summarised_or_else_quoted_on_the_spot(stage: Stage) -> None:
    stored = stage.run("community_post_comments_summary")
    quoted = stage.run("community_post_comments_summary", post_id="p2")
    nothing = stage.run("community_post_comments_summary", start_date="2031-01-01")
    for result, said in (
        (stored, "Both ask for maps."), (quoted, "“more music”"), (quoted, "extractive: key comments, quoted"),
        (nothing, "There is no post with comments in these days."),
    ):  # fmt: skip
        assert result.state == "SUCCESS", result.error
        assert said in str([cell.outputs for cell in result.cells])


def test_dashboards_hold_no_logic_and_read_gold_alone(repository: Path) -> None:
    paths = sorted((repository / "notebooks" / "dashboards").glob("*.py"))
    assert {path.stem for path in paths} >= set(DASHBOARDS)
    bootstrap = {
        read_notebook(path).cells[1].text
        for path in [*paths, *sorted((repository / "notebooks" / "etl").glob("*.py"))]
    }
    assert len(bootstrap) == 1
    for path in paths:
        source = path.read_text(encoding="utf-8")
        found = {type(node) for node in ast.walk(ast.parse(source))}
        assert not found & {ast.FunctionDef, ast.ClassDef, ast.For, ast.While}
        allowed = ('"gold.', BELOW_GOLD.get(path.stem, '"gold.'))
        assert all(part.startswith(allowed) for part in source.split("settings.name_of(")[1:])
