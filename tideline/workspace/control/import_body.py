"""What `workspace/import` is asked: as JSON with Base64, or as a form with the bytes themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile

from tideline.workspace.control.errors import ApiError, invalid, unserved
from tideline.workspace.control.incoming import MIB
from tideline.workspace.notebook.format import COMMENT, LANGUAGE_OF, TITLE

FIELDS = frozenset({"path", "content", "format", "language", "overwrite"})
SUFFIX_OF = {language.upper(): suffix for suffix, language in LANGUAGE_OF.items()}


@dataclass(frozen=True)
class Import:
    """`content` is text where it is Base64, bytes where it came as a form."""

    path: str
    content: str | bytes
    format: str
    language: str
    overwrite: bool

    def placed(self, content: bytes) -> tuple[str, bytes]:
        """Path and content as the file that makes it what was asked for: AUTO looks at both, SOURCE is a notebook anyway."""
        if self.format == "AUTO":
            return self.path, content
        if self.format == "JUPYTER":
            return _with_suffix(self.path, ".ipynb"), content
        if self.format != "SOURCE":
            raise unserved(f"import as {self.format}: give AUTO, SOURCE or JUPYTER")
        suffix = SUFFIX_OF.get(self.language)
        if suffix is None:
            known = ", ".join(SUFFIX_OF)
            raise invalid(f"`language` is {self.language or 'missing'}: {known} (a plain file is imported as AUTO)")
        header = f"{COMMENT[LANGUAGE_OF[suffix]]} {TITLE}".encode()
        first = content.split(b"\n", 1)[0].rstrip(b"\r")
        return f"{self.path}{suffix}", content if first == header else header + b"\n" + content


async def read_import(request: Request, most: int) -> Import:
    """The request's fields; 501 for one that is not known, 400 for what is too large or lacks its path."""
    if int(request.headers.get("content-length") or 0) > 2 * most:
        raise _too_large(most)
    given = await _fields(request)
    unknown = sorted(set(given) - FIELDS)
    if unknown:
        raise unserved(f"the field `{unknown[0]}` of workspace/import")
    path, content = given.get("path"), given.get("content", "")
    if not isinstance(path, str) or not path:
        raise invalid("`path` is missing")
    if not isinstance(content, str | bytes):
        raise invalid("`content` is no text")
    if len(content) > most * (2 if isinstance(content, str) else 1):
        raise _too_large(most)
    overwrite = str(given.get("overwrite", False)).lower() == "true"
    return Import(path, content, str(given.get("format") or "SOURCE"), str(given.get("language") or ""), overwrite)


async def _fields(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form(max_files=1) as form:
            return {
                name: await value.read() if isinstance(value, UploadFile) else value for name, value in form.items()
            }
    try:
        given = await request.json()
    except ValueError:
        raise ApiError(400, "MALFORMED_REQUEST", "the body is no JSON") from None
    if not isinstance(given, dict):
        raise invalid("the body is no JSON object")
    return given


def _with_suffix(path: str, suffix: str) -> str:
    return path if path.endswith(suffix) else path + suffix


def _too_large(most: int) -> ApiError:
    message = f"the content has more than {most // MIB} MiB: use workspace-files/import-file"
    return ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
