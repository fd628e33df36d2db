"""One notebook, without a job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from tideline.commands.app import App, pairs, root_with_bundle, stop_on_interrupt
from tideline.commands.runs import make_ready
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from tideline.workspace.notebook.results import CellEvent, NotebookResult


EXAMPLES = """
\b
Examples
  tideline notebook notebooks/dashboards/community_users.py --open
  tideline notebook notebooks/etl/gold --param system=community --cells 1-4
"""


@click.command(epilog=EXAMPLES)
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A widget's value; may be repeated."
)
@click.option("--cells", default="", metavar="1-3,5", help="Only these cells.")
@click.option("--html", type=click.Path(path_type=Path), help="Where the executed notebook goes, as a page.")
@click.option("--ipynb", type=click.Path(path_type=Path), help="... as .ipynb.")
@click.option("--md", type=click.Path(path_type=Path), help="... as Markdown.")
@click.option("--open", "is_open", is_flag=True, help="Open the page in the browser.")
@click.pass_obj
def notebook(
    app: App, path: Path, parameters: tuple[str, ...], cells: str, html: Path | None, ipynb: Path | None,
    md: Path | None, is_open: bool,
) -> int:  # fmt: skip
    """Run one notebook (PATH with or without `.py`) and keep it as executed."""
    from tideline.workspace.notebook.format import find_notebook, read_notebook

    app.root = root_with_bundle(app.root)
    found = find_notebook(Path.cwd(), str(path)) or find_notebook(app.root, str(path))
    if found is None:
        raise WorkspaceError(
            f"there is no notebook `{path}`", hint="paths count from here or from the bundle's folder"
        )
    source = read_notebook(found)
    chosen = _chosen(cells, len(source.cells))
    given = _defaults(app, found) | pairs(parameters, "--param")
    bundle = app.bundle()
    make_ready(app, bundle)
    result = _run(app, found, given, chosen)
    _write(result, html or app.layout.home / "notebooks" / f"{found.stem}.html", ipynb, md, is_open)
    return {"SUCCESS": 0, "CANCELED": 130}.get(result.state, 1)


def _chosen(text: str, total: int) -> frozenset[int]:
    """The numbers of the cells; empty for all."""
    numbers: set[int] = set()
    for part in filter(None, (each.strip() for each in text.split(","))):
        first, _, last = part.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            raise WorkspaceError(f"`--cells {text}` names no cells", hint="write --cells 1-3,5")
        numbers |= set(range(int(first), int(last or first) + 1))
    if numbers and (min(numbers) < 1 or max(numbers) > total):
        raise WorkspaceError(
            f"`--cells {text}` is outside of 1 to {total}", hint=f"the notebook has {total} cells"
        )
    return frozenset(numbers)


def _defaults(app: App, path: Path) -> dict[str, str]:
    """Values of the bundle's variables for widgets of the same name, as a job would hand them over."""
    from tideline.workspace.bundle.notebooks import notebook_facts

    values = {name: str(value) for name, value in app.bundle().variables.items() if isinstance(value, str)}
    return {name: values[name] for name in notebook_facts(path, app.root).widgets_declared if name in values}


def _run(app: App, path: Path, parameters: dict[str, str], chosen: frozenset[int]) -> NotebookResult:
    from tideline.workspace.notebook.results import NotebookTask

    def tell(event: CellEvent) -> None:
        if event.state != "running":
            title = f" {event.title}" if event.title else ""
            app.say(f"cell {event.number} of {event.total} ({event.kind}){title}: {event.state}")

    task = NotebookTask(path=path, root=app.root, parameters=parameters, only_cells=chosen)
    with stop_on_interrupt(app) as stop:
        return app.pool().run(task, on_event=tell, cancel=stop.event)


def _write(result: NotebookResult, html: Path, ipynb: Path | None, md: Path | None, is_open: bool) -> None:
    from tideline.workspace.notebook.html import page
    from tideline.workspace.notebook.markdown import cells_to_markdown
    from tideline.workspace.notebook.saved import save_notebook

    html.parent.mkdir(parents=True, exist_ok=True)
    html.write_text(page(result, result.path.stem), encoding="utf-8")
    if ipynb:
        save_notebook(result, ipynb)
    if md:
        md.write_text(cells_to_markdown(result), encoding="utf-8")
    if result.error:
        click.echo(Text(f"{result.path}: {result.error}\n{result.error.traceback}").plain.rstrip(), err=True)
    if result.exit_value is not None:
        click.echo(f"exit value: {result.exit_value[:2000]}")
    click.echo(f"{result.state} in {result.seconds:.1f} s; {html}")
    if is_open:
        click.launch(str(html))
