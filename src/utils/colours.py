"""Colours of every figure, whatever draws it: Okabe and Ito's (2008), which people with any colour vision tell apart."""

from __future__ import annotations

BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, GREY = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
    "#8A8A8A",
)
COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, GREY)
INK, FAINT = "#222222", "#DDDDDD"
