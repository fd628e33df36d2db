"""The workspace in a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import click

from tideline.commands.app import App, root_with_bundle
from tideline.commands.secrets import make_own_key
from tideline.commands.sources import started_for

if TYPE_CHECKING:
    from tideline.workspace.bundle import Bundle

# Kernels stay after a run, so that the next one begins at once.
WARM_SECONDS = 300.0

EXAMPLES = """
\b
Examples
  tideline ui
  tideline ui --port 0 --no-open
"""


@click.command(epilog=EXAMPLES)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="On loopback; 0: any that is free.")
@click.option("-t", "--target", default=None, help="Target of the bundle (default: the one it names).")
@click.option("--open/--no-open", "is_open", default=True, help="Open it in the browser.")
@click.option("--json", "is_json", is_flag=True, help="Address and token as JSON.")
@click.pass_obj
def ui(app: App, port: int, target: str | None, is_open: bool, is_json: bool) -> None:
    """Look at this workspace in a browser: dashboards, jobs, tables. Ctrl-C ends it, and the runs that it started."""
    from tideline.commands.logs import project
    from tideline.workspace.control.state import Workspace
    from tideline.workspace.web.door import entry_code
    from tideline.workspace.web.serve import serve

    app.root, app.is_json = root_with_bundle(app.root), is_json
    app.bundle(target)
    make_own_key(app.layout.secrets)

    def tell(address: str, key: str) -> None:
        opened = f"{address}/?token={key}"
        if is_json:
            app.give({"url": opened, "host": address, "token": key})
        else:
            app.say(f"the workspace is at {opened}\n(until Ctrl-C ends it; whoever has this address may do what you may)")
        if is_open and not is_json:
            click.launch(f"{address}/?token={entry_code(key)}")

    workspace = Workspace(app.root, target, app.named_address, before_run=partial(_prepared, app), warm_seconds=WARM_SECONDS)
    serve(workspace, port=port, on_start=tell, project=project(app.root))


def _prepared(app: App, bundle: Bundle, key: str, parameters: Mapping[str, str]) -> Iterator[str]:
    """What a run of the job needs, with a sentence for what was started. ServerError where volumes cannot be shared."""
    app.check_storage(bundle)
    yield from started_for(app, bundle, key, parameters)
