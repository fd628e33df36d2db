"""What a command would make and change: worked out whole, shown, and only then written."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from tideline.commands.scaffold.python_edits import WIDEST
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from engine.spec import Column


class Plan:
    """Texts by their path below `root`. Nothing is written before `write`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts: dict[Path, str] = {}
        self.before: dict[Path, str] = {}

    def create(self, path: str, text: str) -> None:
        """A new file; WorkspaceError where one stands already."""
        file = self.root / path
        if file.exists():
            raise WorkspaceError(f"{path} stands already", hint="choose another name, or remove it first")
        self.texts[file] = text

    def change(self, path: str, edit: Callable[[str], str]) -> None:
        """A file that is there, as `edit` would have it; several edits of a file add up."""
        file = self.root / path
        if file not in self.texts:
            try:
                self.texts[file] = self.before[file] = file.read_text(encoding="utf-8")
            except OSError as error:
                raise WorkspaceError(f"{path}: {error.strerror}", hint="this is scaffolded in a copy of this project") from None
        try:
            self.texts[file] = edit(self.texts[file])
        except LookupError as error:
            raise WorkspaceError(f"{path}: {error.args[0]}", hint="put the entry there by hand, as those beside it are") from None

    def lines(self) -> Iterator[str]:
        """One line per file, for people."""
        for file, text in self.texts.items():
            path = file.relative_to(self.root)
            if file not in self.before:
                yield f"create  {path} ({len(text.splitlines())} lines)"
                continue
            changed = difflib.ndiff(self.before[file].splitlines(), text.splitlines())
            yield f"change  {path} ({sum(line.startswith('+ ') for line in changed)} lines)"

    def write(self) -> None:
        """Write every file, each whole."""
        for file, text in self.texts.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def _declaration(column: Column) -> str:
    """A column as the list of a table's columns has it: in one line where that is short enough."""
    said = [json.dumps(text, ensure_ascii=False) for text in (column.name, column.type, column.comment)]
    said += ["personal=True"] if column.personal else []
    line = f"        Column({', '.join(said)}),"
    broken = ["        Column(", *(f"            {each}," for each in said), "        ),"]
    return line if len(line) <= WIDEST else "\n".join(broken)


def render(template: str, **values: object) -> str:
    """A template of this package with its values in place."""
    environment = Environment(  # noqa: S701 (code and YAML, made of checked names; nothing is shown as HTML)
        loader=PackageLoader("tideline.commands.scaffold"), undefined=StrictUndefined, keep_trailing_newline=True,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["declaration"] = _declaration
    return environment.get_template(template).render(**values)
