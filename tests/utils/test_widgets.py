"""Widgets of dashboards: typed, checked, and never more than one of their choices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest

from tideline.workspace.notebook.kernel.dbutils.widgets import WidgetsUtility
from utils.errors import SettingsError
from utils.settings import (
    Settings,
    checked_choice,
    read_amount,
    read_date,
    read_number,
    read_optional_amount,
    read_suggested,
    read_text,
)


def given(**parameters: str) -> Any:
    return SimpleNamespace(widgets=WidgetsUtility(parameters))


def test_a_number_has_its_default_and_its_limits() -> None:
    assert read_number(given(), "n_bins", 50, least=2, most=1000, label="Classes") == 50
    assert read_number(given(n_bins="40"), "n_bins", 50, least=2, most=1000, label="Classes") == 40
    for wrong in ("1", "1001", "-3", "4.5", "many", ""):
        with pytest.raises(SettingsError, match="a whole number from 2 to 1000"):
            read_number(given(n_bins=wrong), "n_bins", 50, least=2, most=1000, label="Classes")


def test_an_amount_has_decimals_and_limits() -> None:
    assert read_amount(given(), "budget_usd", 1, most=100, label="USD") == 1.0
    assert read_amount(given(budget_usd=" 0.25 "), "budget_usd", 1, most=100, label="USD") == 0.25
    for wrong in ("-1", "101", "1e3", "0,5", "nan", "inf", "", "٣"):
        with pytest.raises(SettingsError, match="an amount from 0 to 100"):
            read_amount(given(budget_usd=wrong), "budget_usd", 1, most=100, label="USD")
    assert read_optional_amount(given(), "price", most=100, label="USD") is None
    assert read_optional_amount(given(price="0"), "price", most=100, label="USD") == 0.0
    with pytest.raises(SettingsError, match="an amount from 0 to 100"):
        read_optional_amount(given(price="-1"), "price", most=100, label="USD")


def test_a_secret_that_is_not_needed_may_be_missing_and_any_other_error_is_raised() -> None:
    def of(secret: Callable[[str], str]) -> Settings:
        return Settings("community", date(2024, 1, 1), secret=secret)

    def broken(message: str) -> Callable[[str], str]:
        def secret(key: str) -> str:
            raise RuntimeError(message)

        return secret

    assert of(lambda key: f" the {key} ").secret_or_none("k") == "the k"
    assert of(lambda key: " ").secret_or_none("k") is None
    assert Settings("community", date(2024, 1, 1)).secret_or_none("k") is None
    assert of(broken("Secret does not exist with scope: tideline and key: k")).secret_or_none("k") is None
    with pytest.raises(RuntimeError, match="PERMISSION_DENIED"):
        of(broken("PERMISSION_DENIED: no READ on scope tideline")).secret_or_none("k")


def test_an_empty_date_is_none_and_a_wrong_one_is_refused() -> None:
    assert read_date(given(), "start_date", "First day") is None
    assert read_date(given(start_date=" 2024-02-29 "), "start_date", "First day") == date(2024, 2, 29)
    with pytest.raises(SettingsError, match="2023-02-29"):
        read_date(given(start_date="2023-02-29"), "start_date", "First day")


def test_text_that_is_no_choice_names_what_is_near() -> None:
    assert read_text(given(experiment=" a/b "), "experiment", "Experiment") == "a/b"
    with pytest.raises(SettingsError, match="search/order"):
        checked_choice("experiment", "search/ordr", ["search/order", "item/price"])


def test_a_dashboard_finds_its_tables_by_catalogue_and_prefix() -> None:
    settings = Settings.for_dashboard(given(catalog="main", schema_prefix="dev_"), "community")
    assert settings.name_of("gold.users_by_country") == "`main`.`dev_community_gold`.`users_by_country`"
    with pytest.raises(SettingsError, match="letters, digits and underscores"):
        Settings.for_dashboard(given(schema_prefix="x`; DROP TABLE y"), "community")


def test_a_suggested_text_is_the_first_one_or_whatever_is_written() -> None:
    assert read_suggested(given(), "table", ["a.b", "c.d"], "Table") == "a.b"
    assert read_suggested(given(table=" e.f "), "table", ["a.b", "c.d"], "Table") == "e.f"
