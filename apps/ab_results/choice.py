"""Widgets that choose what is looked at, and the address that says it: each follows the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from apps.ab_results import markup, show
from apps.ab_results.selection import (
    API,
    BAYES,
    DAYS,
    EXPERIMENTS,
    FUNNEL,
    PAGES,
    RESULT,
    RULES,
    TABLES,
    Selection,
    selected,
)
from apps.ab_results.words import period

KEYS = ("page", "experiment", "day", "attribution")
# What each page can be asked about.
ASKED = {
    RESULT: KEYS[1:], EXPERIMENTS: KEYS[2:], DAYS: ("experiment", "attribution"), FUNNEL: ("experiment", "day"), BAYES: KEYS[1:],
    API: KEYS[1:], TABLES: (),
}  # fmt: skip


def choose(experiments: Sequence[str], periods: Sequence[str], first: Callable[[], str]) -> Selection:
    """The selection that address and widgets agree on, of the experiment `first()` where they name none.

    What an address holds that does not exist is said above the page.
    """
    selection, notices = selected(_asked(), experiments or [""], periods or [""], first)
    st.session_state["selection"] = selection
    if notices:
        st.session_state["notices"] = (notices, selection)
    for name in KEYS:
        st.session_state[name] = selection.parameters()[name]
    _widgets(selection, experiments, periods)
    if experiments:
        _write(selection)
    said, about = st.session_state.get("notices", ([], None))
    if about == selection:
        show.html(*(markup.notice(each, "warning") for each in said))
    return selection


def _asked() -> dict[str, str]:
    """What the address says, if somebody changed it; else what the widgets say, over what was chosen before."""
    address = st.query_params.to_dict()
    if address != st.session_state.get("written", {}) or "selection" not in st.session_state:
        return address
    before: Selection = st.session_state["selection"]
    return before.parameters() | {name: st.session_state[name] for name in KEYS if st.session_state.get(name)}


def _write(selection: Selection) -> None:
    if st.query_params.to_dict() != selection.parameters():
        st.query_params.from_dict(selection.parameters())
    st.session_state["written"] = selection.parameters()


def _widgets(selection: Selection, experiments: Sequence[str], periods: Sequence[str]) -> None:
    st.segmented_control("Page", list(PAGES), format_func=PAGES.__getitem__, key="page", required=True, wrap=True)
    names = ASKED[selection.page] if experiments else ()
    if not names:
        return
    columns = dict(zip(names, st.columns([3 if name == "experiment" else 2 for name in names]), strict=True))
    if "experiment" in columns:
        columns["experiment"].selectbox("Experiment", experiments, key="experiment")
    if "day" in columns:
        columns["day"].selectbox("Period", periods, format_func=lambda day: period(day).capitalize(), key="day")
    if "attribution" in columns:
        columns["attribution"].selectbox(
            "What counts as bought", list(RULES), format_func=RULES.__getitem__, key="attribution"
        )
