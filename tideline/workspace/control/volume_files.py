"""Files of volumes: the folders that notebooks see as /Volumes/<catalogue>/<schema>/<volume>."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse

from tideline.workspace.control.errors import ApiError, exists, invalid, missing
from tideline.workspace.control.incoming import MIB, fill, incoming
from tideline.workspace.control.state import Workspace, workspace_of
from tideline.workspace.control.tree import Tree

MOST_FILE = 5 * 1024 * MIB
VOLUME_PARTS = 3
Here = Annotated[Workspace, Depends(workspace_of)]
router = APIRouter(prefix="/api/2.0/fs")


@router.put("/files/{path:path}", status_code=204)
async def upload(workspace: Here, request: Request, path: str, overwrite: bool = False) -> None:
    """The body as a file of a volume that is there; folders on the way are made."""
    target = _place(workspace, path)
    if target.is_dir():
        raise invalid(f"/{path} is a folder")
    if target.exists() and not overwrite:
        raise exists(f"The file /{path} already exists.")
    with incoming(workspace.incoming, "") as content:
        await fill(content, request.stream(), MOST_FILE)
        _make(workspace, target.parent)
        content.replace(target)


@router.get("/files/{path:path}")
@router.head("/files/{path:path}")
def download(workspace: Here, path: str) -> FileResponse:
    """The file; a range of it where the request names one."""
    file = _place(workspace, path)
    if not file.is_file():
        raise missing(f"The file /{path} does not exist.")
    headers = {"last-modified": formatdate(file.stat().st_mtime, usegmt=True)}
    return FileResponse(file, media_type="application/octet-stream", headers=headers)


@router.delete("/files/{path:path}", status_code=204)
def delete_file(workspace: Here, path: str) -> None:
    file = _place(workspace, path)
    if not file.is_file():
        raise missing(f"The file /{path} does not exist.")
    file.unlink()


@router.put("/directories/{path:path}", status_code=204)
def make_directory(workspace: Here, path: str) -> None:
    _make(workspace, _place(workspace, path))


@router.get("/directories/{path:path}")
def list_directory(
    workspace: Here, path: str, page_size: Annotated[int, Query(ge=0)] = 1000, page_token: str = ""
) -> dict[str, Any]:
    """What a folder holds, by name; a page's token is the last name before it. Links are left out."""
    folder = _folder(workspace, path)
    names = sorted(each.name for each in folder.iterdir() if not each.is_symlink() and each.name > page_token)
    page = names[: page_size or 1000]
    contents = [_entry(folder / name, f"/{path.strip('/')}/{name}") for name in page]
    return {"contents": contents} | ({"next_page_token": page[-1]} if len(names) > len(page) else {})


@router.head("/directories/{path:path}")
def has_directory(workspace: Here, path: str) -> Response:
    _folder(workspace, path)
    return Response()


@router.delete("/directories/{path:path}", status_code=204)
def delete_directory(workspace: Here, path: str) -> None:
    folder = _folder(workspace, path)
    if len(_tree(workspace).parts(f"/{path}")) <= VOLUME_PARTS:
        raise invalid(f"/{path} is a volume, not a folder in one")
    try:
        folder.rmdir()
    except OSError:
        raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"The directory /{path} is not empty.") from None


def _make(workspace: Workspace, folder: Path) -> None:
    """The folder and those on the way to it. RESOURCE_ALREADY_EXISTS where a file stands in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        file = next((each for each in (folder, *folder.parents) if each.is_file()), folder)
        shown = file.relative_to(_tree(workspace).base).as_posix()
        raise exists(f"/Volumes/{shown} is a file.") from None


def _tree(workspace: Workspace) -> Tree:
    return Tree(workspace.layout.volumes, "/Volumes")


def _place(workspace: Workspace, path: str) -> Path:
    """The local file or folder, in a volume that is there."""
    tree, full = _tree(workspace), f"/{path}"
    if not full.startswith("/Volumes/") or len(tree.parts(full)) < VOLUME_PARTS:
        raise invalid(f"{full[:200]} is no path of a volume: /Volumes/<catalogue>/<schema>/<volume>/...")
    local = tree.local(full)
    volume = tree.base.joinpath(*tree.parts(full)[:VOLUME_PARTS])
    if not volume.is_dir():
        raise missing(f"Volume '{'.'.join(tree.parts(full)[:VOLUME_PARTS])}' does not exist.")
    return local


def _folder(workspace: Workspace, path: str) -> Path:
    folder = _place(workspace, path)
    if not folder.is_dir():
        raise missing(f"The directory /{path} does not exist.")
    return folder


def _entry(file: Path, path: str) -> dict[str, Any]:
    state = file.stat()
    found: dict[str, Any] = {"path": path, "name": file.name, "is_directory": file.is_dir()}
    return found if file.is_dir() else found | {"file_size": state.st_size, "last_modified": int(state.st_mtime * 1000)}
