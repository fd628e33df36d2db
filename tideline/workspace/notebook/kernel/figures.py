"""Figures without importing the library that drew them: what is not loaded was not used."""

from __future__ import annotations

import base64
import io
import sys
from typing import Any


def as_figure(value: Any) -> Any | None:
    """The Matplotlib figure that the value is, or that its axes stand in; None for anything else."""
    # Missing also while the kernel still imports the library ahead of its use: no cell has drawn then.
    kind = getattr(sys.modules.get("matplotlib.figure"), "Figure", None)
    if kind is None:
        return None
    if not isinstance(value, kind) and hasattr(value, "get_figure"):
        value = value.get_figure()
    return value if isinstance(value, kind) else None


def png_of(figure: Any) -> dict[str, str]:
    """The figure as PNG; it is closed, so that the end of the cell does not show it again."""
    image = io.BytesIO()
    figure.savefig(image, format="png", bbox_inches="tight", dpi=100)
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
    width, height = figure.get_size_inches()
    text = f"<Figure {width * 100:.0f}x{height * 100:.0f}: {_title(figure)}>"
    return {"image/png": base64.b64encode(image.getvalue()).decode(), "text/plain": text}


def _title(figure: Any) -> str:
    titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    return "; ".join(title for title in titles if title) or "untitled"


def is_plotly(value: Any) -> bool:
    return any(
        f"{each.__module__}.{each.__qualname__}" == "plotly.basedatatypes.BaseFigure"
        for each in type(value).__mro__
    )


def plotly_html(value: Any) -> dict[str, str]:
    """A page of its own with the library inside: the report opens without a network."""
    page = value.to_html(full_html=True, include_plotlyjs=True)
    return {"text/html": page, "text/plain": f"<Plotly figure: {value.layout.title.text or 'untitled'}>"}
