"""The project's apps on this machine: the same code as in a workspace, over the local tables and the local control plane."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from tideline.commands.app import App, pairs, root_with_bundle
from tideline.commands.control import control_of
from tideline.commands.secrets import KEY, SCOPE, make_own_key
from tideline.workspace.errors import WorkspaceError

if TYPE_CHECKING:
    from tideline.workspace.bundle import Bundle

RECOMMENDATIONS, SERVING = "payments_recommendations", "payments_serving"
EXAMPLES = """
\b
Examples
  tideline app api
  tideline app api --port 8080
  tideline app api --param as_of=2023-06-02     builds learn from the samples' days
"""


@click.command("app", epilog=EXAMPLES)
@click.argument("name", type=click.Choice(["api"]))
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens; others than loopback need a token.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the job that builds; may be repeated."
)
@click.pass_obj
def run_app(app: App, name: str, host: str, port: int, parameters: tuple[str, ...]) -> int:
    """Serve the app NAME until Ctrl-C: `api` answers over HTTP, with its documentation at /docs.

    The variable TIDELINE_API_TOKEN sets a token that every request must carry.
    """
    app.root = root_with_bundle(app.root)
    given = json.dumps(pairs(parameters, "--param"))
    environment = api_environment(app, app.bundle()) | {
        "TIDELINE_API_HOST": host, "TIDELINE_API_PORT": str(port), "TIDELINE_BUILD_PARAMETERS": given,
    }  # fmt: skip
    click.echo(f"{name}: http://{host}:{port}/docs (Ctrl-C ends it)")
    process = subprocess.Popen([sys.executable, "-m", f"apps.{name}"], cwd=app.root, env=os.environ | environment)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # whoever ends this command ends the app, too
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()


def api_environment(app: App, bundle: Bundle) -> dict[str, str]:
    """What the API is told of this machine; starts the control plane, through which it starts jobs."""
    from tideline.workspace.jobs.numbers import job_number
    from tideline.workspace.notebook.secrets import SecretStore

    control = control_of(app)
    make_own_key(app.layout.secrets)
    volume = bundle.resources.get("volumes", {}).get(SERVING)
    if volume is None or RECOMMENDATIONS not in bundle.jobs:
        raise WorkspaceError(f"the bundle has no volume `{SERVING}` or no job `{RECOMMENDATIONS}`", hint="the API needs both")
    names = (str(volume[field]) for field in ("catalog_name", "schema_name", "name"))
    return control.env() | {
        "PYTHONPATH": os.pathsep.join([str(app.root / "src"), str(app.root)]),
        "TIDELINE_SERVING": str(app.layout.volumes.joinpath(*names)),
        "TIDELINE_GOLD": str(app.layout.warehouse),
        "TIDELINE_RECOMMENDATIONS_JOB_ID": str(job_number(bundle.target, RECOMMENDATIONS)),
        "TIDELINE_PSEUDONYM_KEY": SecretStore.read(app.layout.secrets).get(SCOPE, KEY) or "",
    }
