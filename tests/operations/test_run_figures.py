"""Figures of the operations' dashboard say what DuckDB says about the logs, and have an empty state."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from operations import run_figures as figures
from operations import trouble_figures
from operations.run_history import RunHistory
from tests import drawn_figures
from tests.drawn_figures import bars_of, parts_of, same
from tests.operations.drawn_history import NOW, history, nothing

HISTORY, NOTHING = history(), nothing()
USAGE = pd.DataFrame(
    [
        ("2024-03-03", "tideline community", "DBU", 2.0, 1.4),
        ("2024-03-04", "tideline community", "DBU", 1.0, 0.7),
        ("2024-03-04", "tideline funnel_model", "DBU", 5.0, float("nan")),
    ],
    columns=["day", "job", "usage_unit", "quantity", "usd"],
)
DRAWN = (
    figures.freshness, figures.rows_per_run, figures.durations, figures.compute_seconds, trouble_figures.failed_checks,
    trouble_figures.quarantine, trouble_figures.schema_changes,
)  # fmt: skip


def asked(query: str) -> list[tuple[Any, ...]]:
    tables = {name: getattr(HISTORY, name) for name in ("runs", "broken", "changes", "last", "held")}
    return drawn_figures.asked(tables, query)


@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: str(draw.__name__))
def test_every_figure_has_title_labels_and_says_in_words_where_there_is_nothing(draw: Any) -> None:
    for shown in (HISTORY, NOTHING):
        axes = draw(shown).axes[0]
        assert axes.get_title(loc="left").strip() and axes.get_xlabel() and axes.get_ylabel()
    assert not axes.patches and any(text.get_text().endswith(".") for text in axes.texts)


@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: str(draw.__name__))
def test_parts_of_a_bar_differ_by_hatch_too(draw: Any) -> None:
    looks = {(patch.get_facecolor(), patch.get_hatch()) for patch in draw(HISTORY).axes[0].patches}
    assert looks and len({hatch for _, hatch in looks}) == len(looks)


def test_freshness_is_hours_since_the_last_success_the_stalest_first() -> None:
    expected = asked(
        f"SELECT system || ' ' || table_name, round(epoch(TIMESTAMPTZ '{NOW}' - succeeded_at) / 3600, 1) AS hours FROM last "
        "WHERE succeeded_at IS NOT NULL ORDER BY hours DESC, system, table_name"
    )
    assert same(bars_of(figures.freshness(HISTORY).axes[0]), expected)
    table = figures.freshness_table(HISTORY)
    assert table["table_name"].iloc[-1] == "gold.funnel_breaks" and len(table) == len(HISTORY.last)


@pytest.mark.parametrize("part", ["inserted", "updated", "deleted"])
def test_rows_per_run_are_those_of_all_its_tables(part: str) -> None:
    expected = asked(
        f"SELECT strftime(min(started_at), '%m-%d %H:%M') || ' ' || system || ' ' || layer, sum({part}) FROM runs "
        "GROUP BY run_id, system, layer HAVING sum(inserted + updated + deleted) > 0 ORDER BY min(started_at) DESC, run_id DESC"
    )
    assert same(parts_of(figures.rows_per_run(HISTORY).axes[0])[part], expected)


def test_failures_are_listed_with_their_error_the_latest_first() -> None:
    expected = asked("SELECT system, table_name, error FROM runs WHERE status = 'failed' ORDER BY started_at DESC")
    listed = list(trouble_figures.failures(HISTORY)[["system", "table_name", "error"]].itertuples(index=False, name=None))
    assert expected and sorted(listed) == sorted(expected)
    assert trouble_figures.failures(HISTORY)["started_at"].is_monotonic_decreasing


def test_checks_quarantine_and_changes_are_counted_by_kind() -> None:
    shown = {
        trouble_figures.failed_checks: ("broken", "severity", "system || ' ' || table_name || ': ' || check_name", "sum(broken)"),
        trouble_figures.quarantine: ("held", "status", "system || ' ' || table_name || ': ' || check_name", "sum(count)"),
        trouble_figures.schema_changes: ("changes", "change", "system || ' ' || table_name", "count(*)"),
    }
    for draw, (table, kind, name, count) in shown.items():
        expected = {(n, k): float(v) for n, k, v in asked(f"SELECT {name}, {kind}, {count} FROM {table} GROUP BY ALL")}
        parts = parts_of(draw(HISTORY).axes[0])
        assert {(n, k): v for k, bars in parts.items() for n, v in bars if v} == expected


def test_durations_add_up_runs_of_layers_and_tell_the_layers_of_one_system_apart() -> None:
    wall = (
        "SELECT strftime(min(started_at), '%Y-%m-%d') AS day, system, layer, epoch(max(finished_at) - min(started_at)) AS s "
        "FROM runs GROUP BY run_id, system, layer"
    )
    by_system = asked(f"SELECT day, system, sum(s) FROM ({wall}) GROUP BY ALL")
    assert _days(HISTORY) == pytest.approx({(day, system): s for day, system, s in by_system})
    alone = RunHistory(**{**vars(HISTORY), "runs": HISTORY.runs[HISTORY.runs["system"] == "community"]})
    by_layer = asked(f"SELECT day, layer, sum(s) FROM ({wall}) WHERE system = 'community' GROUP BY ALL")
    assert _days(alone) == pytest.approx({(day, layer): s for day, layer, s in by_layer})


def _days(shown: RunHistory) -> dict[tuple[str, str], float]:
    parts = parts_of(figures.durations(shown).axes[0])
    return {(day, part): seconds for part, bars in parts.items() for day, seconds in bars}


def test_compute_seconds_are_those_of_every_run_of_a_table() -> None:
    expected = asked("SELECT system || ' ' || table_name, sum(seconds) FROM runs GROUP BY ALL ORDER BY 2 DESC")
    assert same(bars_of(figures.compute_seconds(HISTORY).axes[0]), expected)


def test_cost_is_that_of_the_bill_or_said_to_be_unknown() -> None:
    figure = figures.cost(USAGE, HISTORY)
    assert bars_of(figure.axes[0]) == [("tideline community", pytest.approx(2.1)), ("tideline funnel_model", 0.0)]
    assert any("5.0 of them without a list price" in text.get_text() for text in figure.axes[0].texts)
    unknown, unbilled = figures.cost(None, HISTORY).axes[0], figures.cost(USAGE[:0], HISTORY).axes[0]
    assert "system.billing.usage" in unknown.texts[0].get_text() and "No usage of our jobs" in unbilled.texts[0].get_text()
