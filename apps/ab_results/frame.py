"""The app's frame, run anew for every view: what is looked at, one version of the data, the page, what the data is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from apps.ab_results import markup, show, words
from apps.ab_results.choice import choose
from apps.ab_results.config import Config
from apps.ab_results.data import experiments_of
from apps.ab_results.selection import API, BAYES, DAYS, EXPERIMENTS, FUNNEL, PAGES, RESULT, TABLES
from apps.ab_results.views import View, api, bayes, days, experiments, funnel, result, tables
from systems.ab_testing.config import WHOLE_PERIOD
from systems.ab_testing.questions import Experiments
from utils.snapshots import Snapshot

# An open page looks for a newer version this many times less often than readers may cause one to be loaded.
LOOKS_EVERY = 3
STYLE = Path(__file__).with_name("style.css")
EMPTY = "There are no results yet. The job ab_testing makes them: start it in the workspace, or on a laptop by"
DRAWN: dict[str, Callable[[View], None]] = {
    RESULT: result.draw, EXPERIMENTS: experiments.draw, DAYS: days.draw, FUNNEL: funnel.draw, BAYES: bayes.draw, API: api.draw,
    TABLES: tables.draw,
}  # fmt: skip


def draw() -> None:
    """One view, from the top to its foot."""
    st.set_page_config(page_title="Which variant won?", layout="wide", initial_sidebar_state="collapsed")
    st.html(STYLE)
    config = Config.from_environment()
    watched = experiments_of(config)
    with st.spinner("Loading the experiments …"):
        now = watched.now()
    show.html(markup.heading("Which variant won, and how sure are we?", 1))
    names = now.value.names if now else []
    selection = choose(names, now.value.periods, partial(first, now.value)) if now and names else choose([], [], str)
    st.set_page_config(page_title=f"{PAGES[selection.page]}: {selection.experiment or 'experiments'}")
    if watched.error:
        show.html(markup.notice(failed(now, watched.error), "warning"))
    if now and names:
        DRAWN[selection.page](View(config, selection, now.value))
    elif selection.page == TABLES:
        tables.draw(View(config, selection, None))
    elif not watched.error:
        show.html(markup.notice(EMPTY, command="tideline run ab_testing"))
    if now:
        show.html(footer(now))
    watch(config, now.version if now else "", watched.error)


def first(data: Experiments) -> str:
    """The experiment that says most."""
    rows = words.in_order_of_interest(data.all_results(WHOLE_PERIOD))
    return str(rows[0]["experiment"]) if rows else data.names[0]


def failed(now: Snapshot[Experiments] | None, error: str) -> str:
    """What a reader has to know where the newest version could not be loaded; the rest of the error is in the log."""
    kept = f"This is still the version from {now.loaded_at:%H:%M} UTC: a newer one" if now else "The results"
    return f"{kept} could not be loaded ({error.strip().splitlines()[0][:200]})."


def footer(now: Snapshot[Experiments]) -> str:
    """Which data all of the page comes from."""
    newest = f"Newest day in the data: {now.value.as_of or 'none'} (days are cut at -04:00)."
    version = f"Data version: {now.version}, loaded {now.loaded_at:%Y-%m-%d %H:%M} UTC."
    return f'<footer class="data">{markup.paragraph(newest)}{markup.paragraph(version)}</footer>'


def watch(config: Config, version: str, error: str) -> None:
    """Draw the page anew when there is another version, or a failure to load one. A look costs the server some 0.1 s."""

    def look() -> None:
        watched = experiments_of(config)
        now = watched.now()
        if (now.version if now else "", watched.error) != (version, error):
            st.rerun()

    st.fragment(look, run_every=LOOKS_EVERY * config.refresh_seconds)()
