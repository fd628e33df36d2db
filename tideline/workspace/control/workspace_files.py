"""The workspace's files, notebooks and folders: what `bundle deploy` puts there, and what people list and export."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from tideline.workspace.control.bodies import Body
from tideline.workspace.control.errors import ApiError, invalid, unserved
from tideline.workspace.control.import_body import Import, read_import
from tideline.workspace.control.incoming import MIB, fill, incoming, pieces
from tideline.workspace.control.objects import DIRECTORY, NOTEBOOK, Object
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.notebook.format import LANGUAGE_OF

MOST_IMPORTED, MOST_FILE = 10 * MIB, 500 * MIB
MOST_EXPORTED = 10 * MIB
Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter(prefix="/api/2.0")


class Folder(Body):
    path: str


class Deletion(Body):
    path: str
    recursive: bool = False


@router.get("/workspace/get-status")
def get_status(workspace: Here, path: str, return_export_info: bool = False) -> dict[str, Any]:
    found = workspace.objects.get(path)
    return _view(found) | (_export_info(found) if return_export_info else {})


@router.get("/workspace/list")
def list_objects(workspace: Here, path: str, notebooks_modified_after: int = 0) -> dict[str, Any]:
    """What stands in a folder; of a file, the file itself."""
    found = workspace.objects.get(path)
    objects = workspace.objects.below(found) if found.kind == DIRECTORY else [found]
    views = [_view(each) for each in objects]
    wanted = [
        view for view in views if view["object_type"] != NOTEBOOK or view["modified_at"] >= notebooks_modified_after
    ]
    return {"objects": wanted} if wanted else {}


@router.post("/workspace/mkdirs")
def mkdirs(workspace: Here, asked: Folder) -> dict[str, Any]:
    workspace.objects.make_folder(asked.path)
    return {}


@router.post("/workspace/delete")
def delete(workspace: Here, asked: Deletion) -> dict[str, Any]:
    workspace.objects.delete(asked.path, recursive=asked.recursive)
    return {}


@router.get("/workspace/export", response_model=None)
def export(
    workspace: Here, path: str, format: str = "SOURCE", direct_download: bool = False
) -> Response | dict[str, str]:
    """A file or notebook as it was put here: in Base64, or as it is with `direct_download`."""
    found = workspace.objects.get(path)
    is_jupyter = found.file.suffix == ".ipynb"
    wanted = ("AUTO", "JUPYTER") if found.kind == NOTEBOOK and is_jupyter else ("AUTO", "SOURCE", "RAW")
    if found.kind == DIRECTORY or format not in wanted:
        raise unserved(f"export of a {found.kind.lower()} ({path[:200]}) as {format}")
    if direct_download:
        return FileResponse(found.file, media_type="application/octet-stream")
    if found.file.stat().st_size > MOST_EXPORTED:
        message = f"Path ({path[:200]}) has more than {MOST_EXPORTED // MIB} MiB: give `direct_download`"
        raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", message)
    content = base64.b64encode(found.file.read_bytes()).decode()
    return {"content": content, "file_type": found.file.suffix.removeprefix(".")}


@router.post("/workspace/import")
async def import_object(workspace: Here, request: Request) -> dict[str, Any]:
    """A notebook or file in one request, as JSON or as a form, up to 10 MiB."""
    asked = await read_import(request, MOST_IMPORTED)
    await _put(workspace, asked)
    return {}


@router.post("/workspace-files/import-file/{path:path}")
async def import_file(workspace: Here, request: Request, path: str, overwrite: bool = False) -> dict[str, Any]:
    """The body as a file. `.py`, `.sql` with a notebook's first line and `.ipynb` become notebooks."""
    full = "/" + path.lstrip("/")
    with incoming(workspace.incoming, PurePosixPath(full).suffix) as content:
        await fill(content, request.stream(), MOST_FILE)
        workspace.objects.put(full, content, overwrite=overwrite)
    return {}


async def _put(workspace: Workspace, asked: Import) -> None:
    try:
        content = base64.b64decode(asked.content, validate=True) if isinstance(asked.content, str) else asked.content
    except binascii.Error:
        raise invalid("`content` is no Base64") from None
    path, text = asked.placed(content)
    with incoming(workspace.incoming, PurePosixPath(path).suffix) as file:
        await fill(file, pieces([text]), MOST_IMPORTED)
        workspace.objects.put(path, file, overwrite=asked.overwrite)


def _view(found: Object) -> dict[str, Any]:
    """`object_id` is a hash of the path: the same as long as the object stands there."""
    state = found.file.stat()
    plain = found.path.removeprefix("/Workspace").rstrip("/") or "/"
    number = int.from_bytes(hashlib.sha256(plain.encode()).digest()[:8], "big") >> 11
    changed = int(state.st_mtime * 1000)
    view: dict[str, Any] = {"object_type": found.kind, "path": found.path, "object_id": number, "resource_id": str(number)}
    if found.kind == NOTEBOOK:
        return view | {"language": _language(found), "created_at": changed, "modified_at": changed}
    return view | ({} if found.kind == DIRECTORY else {"size": state.st_size, "created_at": changed, "modified_at": changed})


def _export_info(found: Object) -> dict[str, str]:
    """How a notebook is written back to a file, which its path does not say."""
    if found.kind != NOTEBOOK:
        return {}
    return {"repos_export_format": "JUPYTER" if found.file.suffix == ".ipynb" else "SOURCE"}


def _language(found: Object) -> str:
    return LANGUAGE_OF.get(found.file.suffix, "python").upper()
