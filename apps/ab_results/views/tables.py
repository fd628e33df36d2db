"""The tables behind the answers, layer by layer: what each is, how large, and what the last run did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from apps.ab_results import markup, show, words
from apps.ab_results.data import tables_of
from apps.ab_results.views import View
from utils.table_states import LAYERS, TableState

LAYER_WORDS = {
    "raw": "Raw: events as delivered", "bronze": "Bronze: typed, each event once",
    "silver": "Silver: who saw what, who bought what", "gold": "Gold: the answers",
}  # fmt: skip
HEAD, NUMBERS = ("Table", "What a row is", "Rows", "Last change", "Last run"), ("Rows",)
COUNTED = {"inserted": "rows added", "updated": "changed", "deleted": "removed", "quarantined": "set aside"}
ABOUT = (
    "What a run did comes from the run log; what a row is, and how many there are, from each table itself. In a workspace, "
    "the app may see gold alone: of the other layers it shows what the run log says."
)


def draw(view: View) -> None:
    show.html(markup.heading("The tables behind the answers"), markup.paragraph(ABOUT))
    watched = tables_of(view.config)
    with st.spinner("Reading the run log …"):
        now = watched.now()
    if watched.error:
        show.html(markup.notice(f"The run log (ops.table_runs) cannot be read: {watched.error}", "warning"))
    if now is None or not now.value:
        if not watched.error:
            nothing = "Nothing ran yet. Start the job ab_testing in the workspace, or on a laptop by"
            show.html(markup.notice(nothing, command="tideline run ab_testing"))
        return
    for layer in LAYERS:
        states = [state for state in now.value if state.layer == layer]
        if not states:
            show.html(markup.heading(LAYER_WORDS[layer]), markup.paragraph("The run log names no table of this layer."))
            continue
        numbers = markup.table(f"Tables of {layer}", HEAD, [_cells(state) for state in states], NUMBERS)
        show.html(markup.heading(LAYER_WORDS[layer]), numbers)
        for state in states:
            _failed(state)
            _columns(state)
    show.html(markup.paragraph(f"Run log: {now.version}.", "small"))


def _cells(state: TableState) -> list[str]:
    run, described = state.last_run, state.described
    change = state.last_change["finished_at"] if state.last_change else described.changed_at if described else None
    return [
        state.name.partition(".")[2],
        described.comment if described else "cannot be seen from here",
        words.count(described.n_rows if described else None),
        f"{change:%Y-%m-%d %H:%M} UTC" if change else words.NONE,
        _run(run),
    ]


def _run(run: Mapping[str, Any]) -> str:
    """`written 2026-11-28 19:57 UTC in 40.5 s: 4,582 rows added, 0 changed, 0 removed`."""
    counts = [f"{words.count(run[name])} {said}" for name, said in COUNTED.items() if run[name]]
    took = f" in {run['seconds']:.1f} s" if run["seconds"] is not None else ""
    return f"{run['status']} {run['finished_at']:%Y-%m-%d %H:%M} UTC{took}" + (f": {words.listed(counts)}" if counts else "")


def _failed(state: TableState) -> None:
    if state.last_run["error"]:
        show.html(markup.notice(f"{state.name} failed: {state.last_run['error']}", "warning"))


def _columns(state: TableState) -> None:
    with st.expander(f"Columns of {state.name}"):
        if state.described is None:
            show.html(markup.paragraph(f"They cannot be seen from here: {state.unseen}."))
            return
        rows = [[field.name, field.type, field.comment] for field in state.described.fields]
        show.html(markup.table(f"{state.name}, version {state.described.commit}", ("Column", "Type", "What it is"), rows))
