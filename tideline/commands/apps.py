"""The project's apps on this machine: the same code as in a workspace, over the local tables and the local control plane."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from tideline.commands.app import App, pairs, root_with_bundle
from tideline.commands.control import control_of
from tideline.commands.secrets import KEY, SCOPE, make_own_key
from tideline.workspace.errors import WorkspaceError

RECOMMENDATIONS, SERVING = "payments_recommendations", "payments_serving"
EXAMPLES = """
\b
Examples
  tideline app api
  tideline app api --port 8080
  tideline app api --param as_of=2023-06-02     builds learn from the samples' days
  tideline app ab_results                       who won, in a browser
"""


@dataclass(frozen=True)
class Served:
    """How an app is started: its port unless another is named, the page to open, the variables for its host and port,
    and the function that says what else its environment holds."""

    port: int
    page: str
    host_variable: str
    port_variable: str
    environment: Callable[[App, tuple[str, ...]], dict[str, str]]


@click.command("app", epilog=EXAMPLES)
@click.argument("name", type=click.Choice(["api", "ab_results"]))
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens; the API asks for a token on others.")
@click.option("--port", type=click.IntRange(1, 65535), help="By default 8000 for the API, 8501 for ab_results.")
@click.option(
    "--param", "parameters", multiple=True, metavar="NAME=VALUE",
    help="A parameter of the job that builds for the API; may be repeated.",
)  # fmt: skip
@click.pass_obj
def run_app(app: App, name: str, host: str, port: int | None, parameters: tuple[str, ...]) -> int:
    """Serve the app NAME until Ctrl-C.

    `api` answers over HTTP, with its documentation at /docs; the variable TIDELINE_API_TOKEN sets a token that every request
    must carry. `ab_results` shows the experiments in a browser; it asks the API at TIDELINE_API_URL, by default the local one.
    """
    app.root = root_with_bundle(app.root)
    served = APPS[name]
    port = port or served.port
    environment = served.environment(app, parameters) | {served.host_variable: host, served.port_variable: str(port)}
    click.echo(f"{name}: http://{host}:{port}{served.page} (Ctrl-C ends it)")
    process = subprocess.Popen([sys.executable, "-m", f"apps.{name}"], cwd=app.root, env=os.environ | environment)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())  # whoever ends this command ends the app, too
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()


def web_environment(app: App, parameters: tuple[str, ...]) -> dict[str, str]:
    """What the web app is told of this machine."""
    if parameters:
        raise WorkspaceError("--param is for the API: ab_results starts no job", hint="leave it out")
    return _places(app) | {"TIDELINE_API_URL": os.environ.get("TIDELINE_API_URL") or f"http://127.0.0.1:{APPS['api'].port}"}


def _places(app: App) -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join([str(app.root / "src"), str(app.root)]),
        "TIDELINE_GOLD": str(app.layout.warehouse),
    }


def api_environment(app: App, parameters: tuple[str, ...]) -> dict[str, str]:
    """What the API is told of this machine; starts the control plane, through which it starts jobs."""
    from tideline.workspace.jobs.numbers import job_number
    from tideline.workspace.notebook.secrets import SecretStore

    given, bundle, control = json.dumps(pairs(parameters, "--param")), app.bundle(), control_of(app)
    make_own_key(app.layout.secrets)
    volume = bundle.resources.get("volumes", {}).get(SERVING)
    if volume is None or RECOMMENDATIONS not in bundle.jobs:
        raise WorkspaceError(f"the bundle has no volume `{SERVING}` or no job `{RECOMMENDATIONS}`", hint="the API needs both")
    names = (str(volume[field]) for field in ("catalog_name", "schema_name", "name"))
    return control.env() | _places(app) | {
        "TIDELINE_SERVING": str(app.layout.volumes.joinpath(*names)),
        "TIDELINE_BUILD_PARAMETERS": given,
        "TIDELINE_RECOMMENDATIONS_JOB_ID": str(job_number(bundle.target, RECOMMENDATIONS)),
        "TIDELINE_PSEUDONYM_KEY": SecretStore.read(app.layout.secrets).get(SCOPE, KEY) or "",
    }  # fmt: skip


APPS = {
    "api": Served(8000, "/docs", "TIDELINE_API_HOST", "TIDELINE_API_PORT", api_environment),
    "ab_results": Served(8501, "/", "TIDELINE_WEB_HOST", "TIDELINE_WEB_PORT", web_environment),
}
