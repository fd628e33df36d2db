"""The folders that apps are deployed from: an app sees its own folder only, so all that it needs goes there."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from tideline.commands.app import App, root_with_bundle
from tideline.workspace.errors import WorkspaceError

BUILT = Path(".build") / "apps"
MOST_BYTES = 10 * 1024**2  # of one file; the platform refuses larger ones


@click.command(epilog="\b\nExample\n  tideline build")
@click.pass_obj
def build(app: App) -> None:
    """Build the folders that the bundle's apps are deployed from: requirements, the project's wheel, how they start."""
    root = root_with_bundle(app.root)
    for folder in build_apps(root, root / BUILT):
        click.echo(str(folder.relative_to(root)))


def build_apps(root: Path, into: Path) -> list[Path]:
    """A folder per app of `root` below `into`, replaced as a whole. Raises WorkspaceError where the wheel cannot be made."""
    apps = sorted(path.parent for path in root.glob("apps/*/app.yaml"))
    with tempfile.TemporaryDirectory() as temporary:
        wheel = _wheel(root / "apps", Path(temporary))
        return [_built(root, each, wheel, into / each.name) for each in apps]


def _wheel(project: Path, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WorkspaceError(f"{project}: no wheel could be built", hint=(done.stderr or done.stdout).strip()[-1000:])
    return next(into.glob("*.whl"))


def _built(root: Path, app: Path, wheel: Path, into: Path) -> Path:
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    shutil.copy(app / "app.yaml", into)
    shutil.copy(wheel, into)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    pinned = (root / "requirements" / f"{app.name}.txt").read_text(encoding="utf-8")
    (into / "requirements.txt").write_text(f"./{wheel.name} --hash=sha256:{digest}\n{pinned}", encoding="utf-8")
    for file in into.iterdir():
        if file.stat().st_size >= MOST_BYTES:
            found = f"{file} has {file.stat().st_size:,} bytes"
            raise WorkspaceError(f"{found}; an app's file must have under {MOST_BYTES:,}", hint="leave something out")
    return into
