"""What the official command's `validate --strict` and a deployment refuse, seen without a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tideline.workspace.bundle.files import matching_files
from tideline.workspace.bundle.findings import Finding, warning
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.views import jobs_of


def check(bundle: Bundle) -> Iterator[Finding]:
    yield from _production_path(bundle)
    yield from _sync_patterns(bundle)
    yield from _includes(bundle)
    yield from _volumes(bundle)


def _production_path(bundle: Bundle) -> Iterator[Finding]:
    mode = bundle.tree.get("mode")
    if mode is None or mode.value != "production":
        return
    root_path = bundle.tree.get("workspace", "root_path")
    if root_path is None and not all(job.node.get("run_as") for job in jobs_of(bundle)):
        message = f"target `{bundle.target}` is in mode production without workspace.root_path"
        yield Finding(mode.place, "production-without-path", message, "two people would deploy two copies")
    if root_path is not None and str(root_path.value).startswith("/Workspace/Shared/"):
        granted = [entry.text("group_name") for entry in bundle.tree.items("permissions")]
        if "users" not in granted:
            message = f"everybody can write to {root_path.value}, which `permissions` does not say"
            yield warning(root_path.place, "shared-path", message)


def _sync_patterns(bundle: Bundle) -> Iterator[Finding]:
    for field in ("include", "exclude"):
        for entry in bundle.tree.items("sync", field):
            if not isinstance(entry.value, str) or not entry.value or entry.value.startswith("/"):
                message = f"sync.{field} takes patterns below the bundle's root"
                yield Finding(entry.place, "odd-pattern", message)
            elif not _matches_a_file(bundle.root, entry.value):
                message = f"sync.{field}: `{entry.value}` matches no file"
                yield warning(entry.place, "pattern-matches-nothing", message)


def _matches_a_file(root: Path, pattern: str) -> bool:
    every = f"{pattern}/*" if pattern.endswith("**") else pattern
    return any(True for _ in matching_files(root, every))


def _includes(bundle: Bundle) -> Iterator[Finding]:
    """A pattern that waits for files to come is fine; one whose folder is missing is a slip."""
    for entry in bundle.tree.items("include"):
        folder = bundle.root / str(entry.value).split("*")[0].rpartition("/")[0]
        if not folder.is_dir() or (
            len(bundle.sources) == 1 and not _matches_a_file(bundle.root, entry.value)
        ):
            yield warning(entry.place, "pattern-matches-nothing", f"include: `{entry.value}` matches no file")


def _volumes(bundle: Bundle) -> Iterator[Finding]:
    for key, volume in bundle.tree.entries("resources", "volumes").items():
        location = volume.get("storage_location")
        kind = volume.text("volume_type") or "MANAGED"
        if kind == "EXTERNAL" and (location is None or not location.value):
            yield Finding(
                volume.place, "volume-storage", f"volume `{key}` is EXTERNAL and has no storage_location"
            )
        elif kind == "MANAGED" and location is not None and location.value:
            message = f"volume `{key}` is MANAGED and has a storage_location"
            yield Finding(location.place, "volume-storage", message, "set volume_type: EXTERNAL")
