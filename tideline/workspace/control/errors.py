"""Every refusal has the platform's shape: an HTTP status, and JSON with `error_code` and `message`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tideline.workspace.errors import BundleError, WorkspaceError
from tideline.workspace.jobs.plan import Refused

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from starlette.responses import Response

LOG = logging.getLogger(__name__)


class ApiError(Exception):
    """What a route cannot do; `error_code` is one that the platform's clients know."""

    def __init__(self, status: int, error_code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.error_code, self.message = status, error_code, message


def invalid(message: str) -> ApiError:
    return ApiError(400, "INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> ApiError:
    return ApiError(404, "RESOURCE_DOES_NOT_EXIST", message)


def exists(message: str) -> ApiError:
    return ApiError(409, "RESOURCE_ALREADY_EXISTS", message)


def unserved(what: str) -> ApiError:
    """`what`: a route, or a field of one."""
    return ApiError(501, "NOT_IMPLEMENTED", f"the local control plane does not serve {what}")


def answer(error: ApiError) -> JSONResponse:
    return JSONResponse({"error_code": error.error_code, "message": error.message}, error.status)


def add_handlers(app: FastAPI) -> None:
    """Give every error of the app's routes the shape above, faults of this program included."""
    app.add_exception_handler(ApiError, _own)
    app.add_exception_handler(WorkspaceError, _of_workspace)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _of_routing)
    app.add_exception_handler(Exception, _fault)


def _own(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return answer(error)


def _of_workspace(request: Request, error: Exception) -> Response:
    """A bundle that is wrong is a state of the workspace; anything else was asked for wrongly."""
    if isinstance(error, BundleError | Refused):
        return answer(ApiError(400, "INVALID_STATE", str(error)))
    return answer(invalid(str(error)))


def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return answer(ApiError(400, "MALFORMED_REQUEST", "the body is no JSON"))
    field = ".".join(str(step) for step in first["loc"][1:]) or "body"
    return answer(invalid(f"`{field}`: {first['msg']}"))


def _of_routing(request: Request, error: Exception) -> Response:
    return answer(unserved(f"{request.method} {request.url.path}"))


def _fault(request: Request, error: Exception) -> Response:
    LOG.error("%s %s", request.method, request.url.path, exc_info=error)
    text = f"a fault of the local control plane: {type(error).__name__}: {error}"
    return answer(ApiError(500, "INTERNAL_ERROR", text))
