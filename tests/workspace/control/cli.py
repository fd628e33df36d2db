"""What the official command asks of a workspace, command by command and in its order: recorded facts, asked again.

The command itself is asked by `test_cli.py` where it is installed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from tideline.workspace.control import ControlAddress

JOB_DEFAULTS = {"email_notifications": {}, "webhook_notifications": {}, "timeout_seconds": 0}
TASK_DEFAULTS = {"email_notifications": {}, "timeout_seconds": 0, "run_if": "ALL_SUCCESS"}
ROUTES = {
    "/api/2.0/apps/{name}": r"/api/2\.0/apps/[^/]+",
    "/api/2.0/workspace-files/import-file/{path}": r"/api/2\.0/workspace-files/import-file/.+",
    "/api/2.1/unity-catalog/models/{full_name}": r"/api/2\.1/unity-catalog/models/[^/]+",
    "/api/2.1/unity-catalog/schemas/{full_name}": r"/api/2\.1/unity-catalog/schemas/[^/]+",
    "/api/2.1/unity-catalog/volumes/{full_name}": r"/api/2\.1/unity-catalog/volumes/[^/]+",
    "/api/2.1/unity-catalog/permissions/{type}/{full_name}": r"/api/2\.1/unity-catalog/permissions/[^/]+/[^/]+",
    "/api/2.0/permissions/{type}/{id}": r"/api/2\.0/permissions/[^/]+/[^/]+",
}


@dataclass
class Cli:
    """Asks as the command does. `asked` collects every route, `files` are those of the bundle."""

    address: ControlAddress
    root: str
    files: dict[str, bytes]
    asked: set[str] = field(default_factory=set)

    def ask(
        self, method: str, path: str, /, *, expected: int = 200, body: Any = None, raw: bytes | None = None, **query: str
    ) -> Any:
        """The answer's JSON, or its bytes where it is none. AssertionError for another status than the expected one."""
        headers = {"Authorization": f"Bearer {self.address.token}"}
        answer = requests.request(
            method, self.address.host + path, params=query, json=body, data=raw, headers=headers, timeout=60
        )  # fmt: skip
        assert answer.status_code == expected, f"{method} {path}: {answer.status_code} {answer.text}"
        route = next((name for name, pattern in ROUTES.items() if re.fullmatch(pattern, path)), path)
        self.asked.add(f"{method} {route}")
        if "application/json" not in answer.headers.get("content-type", ""):
            return answer.content
        found = answer.json()
        assert answer.ok or set(found) == {"error_code", "message"}
        return found

    def begin(self) -> dict[str, Any]:
        """What comes before every command."""
        known = self.ask("GET", "/.well-known/databricks-config")
        assert set(known) == {"oidc_endpoint", "workspace_id"}
        me: dict[str, Any] = self.ask("GET", "/api/2.0/preview/scim/v2/Me")
        return me

    def validate(self) -> None:
        """Asks whether the files' folder is there, and makes it."""
        self.begin()
        if not self.is_there(f"{self.root}/files"):
            self.ask("POST", "/api/2.0/workspace/mkdirs", body={"path": f"{self.root}/files"})
        folder = self.ask("GET", "/api/2.0/workspace/get-status", path=f"{self.root}/files")
        assert {"object_id", "object_type", "path"} <= set(folder)
        self.ask("GET", f"/api/2.0/permissions/directories/{folder['object_id']}")

    def is_there(self, path: str) -> bool:
        """By the status alone."""
        headers = {"Authorization": f"Bearer {self.address.token}"}
        url = f"{self.address.host}/api/2.0/workspace/get-status"
        answer = requests.get(url, params={"path": path, "return_export_info": "true"}, headers=headers, timeout=60)
        assert answer.status_code in (200, 404)
        self.asked.add("GET /api/2.0/workspace/get-status")
        return answer.status_code == 200

    def put(self, path: str, content: bytes, *, overwrite: bool = True, expected: int = 200) -> None:
        """A file; where its folder is missing, the folder first."""
        url = f"/api/2.0/workspace-files/import-file/{quote(path.lstrip('/'), safe='')}"
        if not self.is_there(path.rpartition("/")[0]):
            self.ask("POST", url, raw=content, expected=404, overwrite=str(overwrite).lower())
            self.ask("POST", "/api/2.0/workspace/mkdirs", body={"path": path.rpartition("/")[0]})
        self.ask("POST", url, raw=content, expected=expected, overwrite=str(overwrite).lower())

    def state(self) -> dict[str, Any]:
        """What the last deployment kept: the ids and settings of its resources; empty before the first."""
        found: dict[str, Any] = {}
        for name in ("resources.json", "terraform.tfstate", "deployment.json"):
            path = f"{self.root}/state/{name}"
            if self.is_there(path):
                content = self.ask("GET", "/api/2.0/workspace/export", path=path, direct_download="true")
                found[name] = json.loads(content)
        state: dict[str, Any] = found.get("resources.json", {}).get("state", {})
        return state

    def lock(self, *, expected: int = 200) -> None:
        self.put(f"{self.root}/state/deploy.lock", b'{"ID": "1", "IsForced": false}', overwrite=False, expected=expected)

    def unlock(self) -> None:
        path = f"{self.root}/state/deploy.lock"
        self.ask("GET", "/api/2.0/workspace/export", path=path, direct_download="true")
        self.ask("POST", "/api/2.0/workspace/delete", body={"path": path})

    def upload(self) -> None:
        """The artifacts' folder anew, then every file of the bundle."""
        internal = f"{self.root}/artifacts/.internal"
        before = {"path": internal, "recursive": True}
        self.ask("POST", "/api/2.0/workspace/delete", body=before, expected=200 if self.is_there(internal) else 404)
        self.ask("POST", "/api/2.0/workspace/mkdirs", body={"path": internal})
        self.put(f"{internal}/orchard-0.1-py3-none-any.whl", b"PK")
        for name, content in self.files.items():
            self.put(f"{self.root}/files/{name}", content)

    def keep(self, state: dict[str, Any]) -> None:
        document = {"state_version": 1, "cli_version": "1.14.0", "lineage": "a", "serial": 1, "state": state}
        self.put(f"{self.root}/state/resources.json", json.dumps(document).encode())
        self.put(f"{self.root}/state/deployment.json", json.dumps({"version": 1, "seq": 1, "files": []}).encode())
        self.put(f"{self.root}/state/metadata.json", json.dumps({"version": 1, "config": {}}).encode())


def with_defaults(settings: dict[str, Any]) -> dict[str, Any]:
    """A job's settings as a workspace gives them back: what was sent and its defaults, dependencies by their key."""
    tasks = []
    for task in settings["tasks"]:
        full = {**TASK_DEFAULTS, **task}
        if "depends_on" in full:
            full["depends_on"] = sorted(full["depends_on"], key=lambda edge: edge["task_key"])
        if "notebook_task" in full:
            full["notebook_task"] = {"source": "WORKSPACE", **full["notebook_task"]}
        tasks.append(full)
    return {**JOB_DEFAULTS, **settings, "tasks": tasks}
