"""Secret scopes and secrets through the platform's client: kept where `dbutils.secrets` reads them, and shown nowhere."""

from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from databricks.sdk.errors import InvalidParameterValue, NotFound, NotImplemented, ResourceAlreadyExists
from databricks.sdk.service.workspace import AclPermission

from tests.workspace.control.conftest import Plane
from tideline.workspace.bundle.user import local_user
from tideline.workspace.layout import Layout
from tideline.workspace.notebook.secrets import SecretStore

VALUE = "pear-tree-7f3a"
LOGS = """
import logging, sys
from pathlib import Path
from tideline.workspace.layout import Layout
from tideline.workspace.redaction import log_without_secrets
log_without_secrets(Layout(Path(sys.argv[1])))
logging.getLogger("orchard").warning("asked for %s", sys.argv[2])
try:
    raise ValueError("no " + sys.argv[2])
except ValueError:
    logging.getLogger("orchard").exception("a fault")
"""


@pytest.fixture
def scope(quiet: Plane) -> Iterator[str]:
    """A scope with one secret."""
    quiet.client.secrets.create_scope("orchard")
    quiet.client.secrets.put_secret("orchard", "key", string_value=VALUE)
    yield "orchard"
    if "orchard" in {each.name for each in quiet.client.secrets.list_scopes()}:
        quiet.client.secrets.delete_scope("orchard")


def test_a_secret_is_what_a_notebook_reads(quiet: Plane, scope: str) -> None:
    assert SecretStore.read(quiet.layout.secrets, {}).get(scope, "key") == VALUE
    found = quiet.client.secrets.get_secret(scope, "key").value
    assert base64.b64decode(found or "").decode() == VALUE
    assert quiet.client.dbutils.secrets.get(scope, "key") == VALUE


def test_values_are_in_no_list_no_log_and_no_file_of_another(quiet: Plane, scope: str) -> None:
    (secret,) = quiet.client.secrets.list_secrets(scope)
    assert (secret.key, secret.as_dict().keys()) == ("key", {"key", "last_updated_timestamp"})
    assert stat.S_IMODE(quiet.layout.secrets.stat().st_mode) == 0o600
    holders = [file for file in quiet.layout.home.rglob("*") if file.is_file() and VALUE.encode() in file.read_bytes()]
    assert holders == [quiet.layout.secrets]
    headers = {"Authorization": f"Bearer {quiet.address.token}"}
    body = {"scope": scope, "key": "key", "string_value": [VALUE]}
    answer = requests.post(f"{quiet.address.host}/api/2.0/secrets/put", json=body, headers=headers, timeout=10)
    assert (answer.status_code, VALUE in answer.text) == (400, False)


def test_no_secret_is_in_a_line_of_the_log_nor_in_its_traceback(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.home.mkdir()
    layout.secrets.write_text(json.dumps({"orchard": {"key": VALUE}}), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOGS, str(tmp_path), VALUE], capture_output=True, text=True, timeout=60, check=True
    )
    assert VALUE not in done.stderr
    assert "WARNING orchard: asked for [REDACTED]" in done.stderr and "ValueError: no [REDACTED]" in done.stderr


def test_bytes_are_taken_where_they_are_text(quiet: Plane, scope: str) -> None:
    quiet.client.secrets.put_secret(scope, "bytes", bytes_value=base64.b64encode("né".encode()).decode())
    assert quiet.client.dbutils.secrets.get(scope, "bytes") == "né"
    with pytest.raises(NotImplemented, match="no UTF-8 text"):
        quiet.client.secrets.put_secret(scope, "bytes", bytes_value=base64.b64encode(b"\xff\xfe").decode())
    with pytest.raises(InvalidParameterValue, match="no Base64"):
        quiet.client.secrets.put_secret(scope, "bytes", bytes_value="%")
    with pytest.raises(InvalidParameterValue, match="either"):
        quiet.client.secrets.put_secret(scope, "bytes")
    with pytest.raises(InvalidParameterValue, match="at most 128 KiB"):
        quiet.client.secrets.put_secret(scope, "long", string_value="x" * (128 * 1024 + 1))


def test_what_is_deleted_is_gone_from_the_file(quiet: Plane, scope: str) -> None:
    quiet.client.secrets.delete_secret(scope, "key")
    assert json.loads(quiet.layout.secrets.read_text(encoding="utf-8"))[scope] == {}
    with pytest.raises(NotFound):
        quiet.client.secrets.get_secret(scope, "key")
    with pytest.raises(NotFound):
        quiet.client.secrets.delete_secret(scope, "key")
    quiet.client.secrets.delete_scope(scope)
    assert scope not in {each.name for each in quiet.client.secrets.list_scopes()}
    for ask in (quiet.client.secrets.list_secrets, quiet.client.secrets.list_acls):
        with pytest.raises(NotFound, match="Scope orchard does not exist"):
            list(ask(scope))


def test_names_are_those_of_the_platform_and_taken_once(quiet: Plane, scope: str) -> None:
    with pytest.raises(ResourceAlreadyExists):
        quiet.client.secrets.create_scope(scope)
    for name in ("", "a b", "../x", "x" * 129):
        with pytest.raises(InvalidParameterValue, match="1 to 128"):
            quiet.client.secrets.create_scope(name)
        with pytest.raises(InvalidParameterValue, match="1 to 128"):
            quiet.client.secrets.put_secret(scope, name, string_value="a")
    with pytest.raises(NotFound):
        quiet.client.secrets.put_secret("nowhere", "key", string_value="a")


def test_permissions_of_a_scope_are_recorded(quiet: Plane, scope: str) -> None:
    def known() -> dict[str | None, AclPermission | None]:
        return {each.principal: each.permission for each in quiet.client.secrets.list_acls(scope)}

    owner = local_user().name
    assert known() == {owner: AclPermission.MANAGE}
    quiet.client.secrets.put_acl(scope, "readers", AclPermission.READ)
    assert known() == {owner: AclPermission.MANAGE, "readers": AclPermission.READ}
    assert quiet.client.secrets.get_acl(scope, "readers").permission is AclPermission.READ
    quiet.client.secrets.delete_acl(scope, "readers")
    assert known() == {owner: AclPermission.MANAGE}
    with pytest.raises(NotFound):
        quiet.client.secrets.delete_acl(scope, "readers")
