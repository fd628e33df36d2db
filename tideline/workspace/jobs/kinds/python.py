"""spark_python_task and python_wheel_task: a process of its own, with the server's address in its environment."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import IO

from tideline.workspace.errors import JobError, Place
from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.context import Done, Work
from tideline.workspace.jobs.records import TaskError
from tideline.workspace.notebook.redact import Redactor
from tideline.workspace.notebook.secrets import SecretStore, kernel_environment
from tideline.workspace.server import interrupt_session

KEPT_CHARACTERS = 20_000
LAST_LINE = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)?)(?:: (.*))?$")
# What the platform does: the entry point of the package's metadata, else the function of that name in the package.
WHEEL = """
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
package, entry = sys.argv[1:3]
sys.argv = [entry, *sys.argv[3:]]
try:
    found = [each for each in distribution(package).entry_points if each.name == entry]
except PackageNotFoundError:
    found = []
function = found[0].load() if found else getattr(import_module(package), entry)
function()
"""


def run_file(work: Work) -> Done:
    """Run the Python file with the task's parameters as arguments; its folder is on the path."""
    file = Path(str(work.fields.get("python_file")))
    if not file.is_file():
        raise JobError("no such Python file", place=Place(file))
    arguments = [str(each) for each in work.scope.fill(work.fields.get("parameters") or [])]
    work.attempt.parameters = {str(number): each for number, each in enumerate(arguments, start=1)}
    return _run(work, [sys.executable, str(file), *arguments], file)


def run_wheel(work: Work) -> Done:
    """Run an entry point of an installed package; named parameters become `--name=value`."""
    asked = work.scope.fill(work.fields)
    arguments = [str(each) for each in asked.get("parameters") or []]
    named = {str(name): str(value) for name, value in (asked.get("named_parameters") or {}).items()}
    arguments += [f"--{name}={value}" for name, value in named.items()]
    work.attempt.parameters = named or {str(number): each for number, each in enumerate(arguments, start=1)}
    command = [sys.executable, "-c", WHEEL, str(asked["package_name"]), str(asked["entry_point"]), *arguments]
    return _run(work, command, None)


def _run(work: Work, command: list[str], file: Path | None) -> Done:
    running, session_id = work.running, str(uuid.uuid4())
    address = running.pool().address
    server = address.env() | {"SPARK_REMOTE": address.for_session(session_id)}
    path = os.pathsep.join(filter(None, [str(running.bundle.root), os.environ.get("PYTHONPATH", "")]))
    environment = kernel_environment(os.environ, server | {"PYTHONPATH": path})
    redact = Redactor({*SecretStore.read(running.layout.secrets).values(), address.token}).text
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command, cwd=running.bundle.root, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            start_new_session=True,
        )  # fmt: skip
        is_stopped = _wait(work, process)
        if is_stopped:
            interrupt_session(address, session_id)
        said, wrong = redact(_tail(out)), redact(_tail(err))
    if is_stopped:
        return Done(s.CANCELED, output=said)
    if process.returncode:
        return Done(s.FAILED, _error(wrong, process.returncode, file, running.bundle.root), output=said)
    return Done(s.SUCCESS, output=said)


def _wait(work: Work, process: subprocess.Popen[bytes]) -> bool:
    """Was it stopped before it ended by itself? Its whole process group ends with it."""
    while process.poll() is None:
        if work.stop.event.wait(0.05):
            for sign in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, sign)
                    process.wait(timeout=3)
                except ProcessLookupError:
                    break
                except subprocess.TimeoutExpired:
                    continue
                break
            process.wait()
            return True
    return False


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - KEPT_CHARACTERS, 0))
    return file.read().decode("utf-8", "replace").strip()


def _error(wrong: str, code: int, file: Path | None, root: Path) -> TaskError:
    """The user's exception from the last line of the traceback, and the last line of the task's own file in it."""
    lines = wrong.splitlines()
    match = LAST_LINE.match(lines[-1]) if lines else None
    name, message = (
        (match.group(1), match.group(2) or "") if match else ("SystemExit", lines[-1] if lines else "")
    )
    spots = re.findall(rf'File "{re.escape(str(file))}", line (\d+)', wrong) if file else []
    notebook = str(file.relative_to(root)) if file and file.is_relative_to(root) else str(file or "")
    line = int(spots[-1]) if spots else None
    return TaskError(name, message or f"the process ended with {code}", notebook, 0, line, wrong)
