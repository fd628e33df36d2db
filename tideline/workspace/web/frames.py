"""Outputs with HTML of their own: shown in frames without an origin, whose scripts reach nothing of the site and no network."""

from __future__ import annotations

from html import escape

HEADERS = {
    "content-security-policy": "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
}


def frame(address: str, title: str) -> str:
    """The frame of the document at `address`, which must be answered with `HEADERS`: pages allow no script but the site's."""
    return f'<iframe class="nb-frame" sandbox="allow-scripts" loading="lazy" title="{escape(title)}" src="{address}"></iframe>'
