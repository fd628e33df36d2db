"""Parts that pages are made of: text, a figure with its words and its numbers."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from apps.ab_results import figures, markup


def html(*parts: str) -> None:
    """Parts from `markup.py`, close together."""
    st.html("".join(parts))


def figure(title: str, drawn: go.Figure, *, says: str, key: str, numbers: str, level: int = 2) -> None:
    """A figure below the sentence that it shows, which screen readers are told in its place, above its numbers as a table."""
    html(markup.heading(title, level), markup.paragraph(says))
    st.plotly_chart(drawn, theme=None, config=figures.CONFIG, key=key, alt=says)
    with st.expander("These numbers as a table"):
        html(numbers)
