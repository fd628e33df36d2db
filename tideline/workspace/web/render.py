"""A page is a template below `base.html.j2`; all text is escaped. Errors are pages, too."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException

from tideline.workspace.control.errors import ApiError
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs.states import SKIPPED
from tideline.workspace.report.picture import state_class

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from starlette.responses import Response

LOG = logging.getLogger(__name__)
# What the head of every page leads to; in this order.
PLACES = {
    "/": "Home",
    "/notebooks": "Notebooks",
    "/jobs": "Jobs",
    "/runs": "Runs",
    "/tables": "Tables",
    "/sql": "SQL",
}


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A whole page. `title` and what the template needs are among the values."""
    return HTMLResponse(piece(template, places=PLACES, path=request.url.path, **values), status)


def piece(template: str, **values: Any) -> str:
    """Part of a page, as HTML."""
    return environment().get_template(f"{template}.html.j2").render(**values)


@cache
def environment() -> Environment:
    """All templates of the site.

    Filters: `moment`, `took`, `local` (times), `state` (in words), `shade` (its colour), `step` (a value as one of a path).
    """
    found = Environment(
        loader=PackageLoader("tideline.workspace.web"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.filters.update(moment=moment, took=took, shade=state_class, step=lambda value: quote(str(value), safe=""))
    found.filters.update(local=local, state=in_words)
    return found


def moment(seconds: float) -> str:
    """A time in UTC, as people write it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S") if seconds else "never"


def local(time: datetime) -> str:
    """A time in its own zone, which is named."""
    return f"{time:%a %Y-%m-%d %H:%M} {time.tzinfo}"


def in_words(state: str) -> str:
    """A state as people read it; the longest name of the platform says no more than this."""
    return "SKIPPED" if state == SKIPPED else state.replace("_", " ")


def took(seconds: float) -> str:
    """A duration."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def add_handlers(pages: FastAPI) -> None:
    """A mistake is a page that says what to do; a fault of this program one that says so."""
    pages.add_exception_handler(WorkspaceError, _mistake)
    pages.add_exception_handler(ApiError, _refused)
    pages.add_exception_handler(RequestValidationError, _malformed)
    pages.add_exception_handler(HTTPException, _of_routing)
    pages.add_exception_handler(Exception, _fault)


def _mistake(request: Request, error: Exception) -> Response:
    return _error(request, 400, str(error))


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _error(request, error.status, error.message)


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _error(request, 400, f"`{'.'.join(str(step) for step in first['loc'][1:])}`: {first['msg']}")


def _of_routing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = {404: f"There is no page {request.url.path} here."}
    return _error(request, error.status_code, known.get(error.status_code, str(error.detail)))


def _fault(request: Request, error: Exception) -> Response:
    LOG.error("%s %s", request.method, request.url.path, exc_info=error)
    return _error(request, 500, f"A fault of this program: {type(error).__name__}: {error}")


def _error(request: Request, status: int, text: str) -> Response:
    return page(request, "error", status=status, title="That did not work", text=text)
