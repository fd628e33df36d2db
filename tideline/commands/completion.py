"""Completion in the shell: the script that turns it on, and what arguments are completed with. Nothing here starts Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem, get_completion_class

from tideline.commands.app import root_with_bundle
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.layout import Layout

if TYPE_CHECKING:
    from tideline.workspace.bundle import Bundle

VARIABLE = "_TIDELINE_COMPLETE"
HELP = """
\b
How to turn it on
  bash   tideline completion bash > ~/.local/share/bash-completion/completions/tideline
  zsh    tideline completion zsh > ~/.zfunc/_tideline     with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc
  fish   tideline completion fish > ~/.config/fish/completions/tideline.fish

\b
Examples
  tideline completion bash
  source <(tideline completion bash)     for this shell alone
"""

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@click.command(epilog=HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script by which SHELL completes commands, options, jobs, tables, systems and runs."""
    found = get_completion_class(shell)
    assert found is not None  # click has all three
    click.echo(found(context.find_root().command, {}, "tideline", VARIABLE).source())


def _completer(names: Callable[[Path], Iterable[str]]) -> Completer:
    """Completes with the names that a bundle's folder has; with nothing where there is no bundle, or a broken one."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            found = sorted(names(root_with_bundle(context.find_root().params.get("root") or Path())))
        except (WorkspaceError, OSError):
            return []
        return [CompletionItem(name) for name in found if name.startswith(incomplete)]

    return complete


def _bundle(root: Path) -> Bundle:
    from tideline.workspace.bundle import load_bundle

    return load_bundle(root)


def _tables(root: Path) -> Iterable[str]:
    """Tables by the folders of the warehouse, as `schema.table`."""
    logs = Layout(root).warehouse.glob("*.db/*/_delta_log")
    return (f"{log.parents[1].name.removesuffix('.db')}.{log.parent.name}" for log in logs)


def _schemas(root: Path) -> Iterable[str]:
    return (folder.name.removesuffix(".db") for folder in Layout(root).warehouse.glob("*.db"))


def _targets(root: Path) -> Iterable[str]:
    return _bundle(root).tree.entries("targets")


def _runs(root: Path) -> Iterable[str]:
    from tideline.workspace.jobs import RunStore

    return RunStore(Layout(root).runs).ids()


def _systems(root: Path) -> Iterable[str]:
    return (file.parent.name for file in root.glob("src/systems/*/system.py"))


def _sampled(root: Path) -> Iterable[str]:
    """Systems that sample files or days are written for."""
    return (file.parent.name for file in root.glob("tideline/samples/*/__init__.py"))


def _sources(root: Path) -> Iterable[str]:
    from tideline.samples.sources import SYSTEMS

    return SYSTEMS


complete_jobs = _completer(lambda root: _bundle(root).jobs)
complete_targets = _completer(_targets)
complete_tables = _completer(_tables)
complete_schemas = _completer(_schemas)
complete_runs = _completer(_runs)
complete_systems = _completer(_systems)
complete_sampled = _completer(_sampled)
complete_sources = _completer(_sources)
