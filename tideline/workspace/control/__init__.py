"""The local control plane: the part of the platform's REST API that apps and notebooks use, on loopback.

Code that asks a workspace through `databricks-sdk` asks this one unchanged: jobs and their runs, SQL statements, who
one is. A family of routes is a module with a `router` and a line in `app.FAMILIES`; whatever no family serves is answered
501 with the route's name.

server, serve, address              the process: started, found, ended
app, access, bodies, errors, state  what all families share
jobs, runs, repairs, statements     the bundle's work: its jobs and their runs, SQL
deployed_jobs, catalog, experiments, apps, permissions   what deployments make: kept on disk by `kept`
workspace_files, volume_files, scopes, me, telemetry     files, volumes, secrets, who one is
"""

from tideline.workspace.control.address import ControlAddress
from tideline.workspace.control.server import ensure_control, running_control, stop_control

__all__ = ["ControlAddress", "ensure_control", "running_control", "stop_control"]
