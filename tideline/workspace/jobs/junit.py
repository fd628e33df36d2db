"""junit.xml: a test case per task, for whatever reads the results of continuous integration."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as Xml

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.records import JobRun, all_tasks
from tideline.workspace.jobs.redacted import without_secrets
from tideline.workspace.notebook.redact import Redactor

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")


def write_junit(run: JobRun, file: Path, redact: Redactor) -> None:
    file.write_text(junit_xml(run, redact), encoding="utf-8")


def junit_xml(run: JobRun, redact: Redactor) -> str:
    """Failed and stopped tasks are failures; tasks that did not run are skipped. Nothing that `redact` knows is in it."""
    run = without_secrets(run, redact)
    tasks = all_tasks(run)
    failures = sum(s.is_bad(task.state) for _, task in tasks)
    skipped = sum(task.state in s.LEFT_OUT for _, task in tasks)
    suite = Xml.Element(
        "testsuite", name=run.job_name, tests=str(len(tasks)), failures=str(failures), skipped=str(skipped),
        time=f"{run.seconds:.3f}",
    )  # fmt: skip
    for path, task in tasks:
        case = Xml.SubElement(suite, "testcase", classname=run.job_key, name=path, time=f"{task.seconds:.3f}")
        if s.is_bad(task.state):
            error = task.error
            message = f"{error.name}: {error.message}" if error else task.reason or task.state
            failure = Xml.SubElement(case, "failure", message=_clean(message), type=task.state)
            failure.text = _clean(f"{error.where}\n{error.traceback}" if error else "")
        elif task.state in s.LEFT_OUT:
            Xml.SubElement(case, "skipped", message=task.reason or task.state)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + Xml.tostring(suite, encoding="unicode")


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return FORBIDDEN.sub("", text)
