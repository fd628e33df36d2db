"""`%pip`: looks whether what it asks for is there. It never touches the network."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from tideline.workspace.notebook.kernel.errors import MagicError

READING = {"list", "freeze", "show", "check", "--version"}
FLAGS = {"-U", "--upgrade", "-q", "--quiet", "-qq", "--no-deps", "--force-reinstall", "--pre", "-v"}
WITH_VALUE = {"-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-c", "--constraint"}


def run_pip(text: str) -> None:
    """Every `%pip` line of a cell, in order. MagicError names the first requirement that is not met."""
    for line in text.replace("\\\n", " ").split("\n"):
        words = shlex.split(line.split(" #")[0], comments=True)
        if words and words[0] in ("%pip", "%uv", "pip"):
            words = words[1:]
        if words and words[0] == "pip":
            words = words[1:]
        if words:
            _command(words)


def _command(words: list[str]) -> None:
    if words[0] in READING:
        done = subprocess.run(
            [sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False
        )
        print(done.stdout or done.stderr)  # noqa: T201 (output of the cell)
        return
    if words[0] != "install":
        raise MagicError(f"`%pip {words[0]}` is not emulated; install, list, freeze, show and check are")
    for requirement in _requirements(words[1:], Path.cwd()):
        print(_met(requirement))  # noqa: T201 (output of the cell)


def _requirements(words: list[str], folder: Path) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word in WITH_VALUE:
            next(rest, None)
        elif word in ("-r", "--requirement"):
            path = folder / next(rest, "")
            if not path.is_file():
                raise MagicError(f"%pip install -r {path}: no such file")
            yield from _file(path)
        elif word.startswith("-"):
            if word not in FLAGS and not word.startswith(tuple(f"{flag}=" for flag in WITH_VALUE)):
                raise MagicError(f"`%pip install {word}` is not emulated")
        else:
            yield word


def _file(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").split("\n"):
        words = shlex.split(line, comments=True)
        words = [word for word in words if not word.startswith("--hash")]
        if words:
            yield from _requirements(words if words[0].startswith("-") else [" ".join(words)], path.parent)


def _met(text: str) -> str:
    """A sentence on the installed version that satisfies the requirement."""
    try:
        wanted = _wheel(text) if text.endswith(".whl") else Requirement(text)
    except (InvalidRequirement, InvalidWheelFilename):
        raise MagicError(
            f"`%pip install {text}` is not emulated; names with versions and wheels are"
        ) from None
    if wanted.marker is not None and not wanted.marker.evaluate():
        return f"{wanted.name}: not asked for on this Python"
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        raise MagicError(f"%pip install {text}: {wanted.name} is not installed; {_advice(text)}") from None
    if not wanted.specifier.contains(version, prereleases=True):
        raise MagicError(f"%pip install {text}: {wanted.name} {version} is installed; {_advice(text)}")
    return f"{wanted.name} {version} is installed"


def _wheel(text: str) -> Requirement:
    name, version, _build, _tags = parse_wheel_filename(re.split(r"[\\/]", text)[-1])
    return Requirement(f"{canonicalize_name(name)}=={version}")


def _advice(text: str) -> str:
    return f"%pip never installs here: run `{Path(sys.executable).name} -m pip install '{text}'` in the environment once"
