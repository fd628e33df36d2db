"""All findings about a bundle at once, sorted by place."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.model import Bundle
from tideline.workspace.bundle.notebooks import forget_notebooks
from tideline.workspace.bundle.rules import (
    calls,
    code,
    compute,
    deploy,
    files,
    graph,
    kinds,
    names,
    parameters,
    schedules,
    sizes,
)
from tideline.workspace.bundle.strict import strict_findings
from tideline.workspace.bundle.views import Job, jobs_of

JOB_RULES: tuple[Callable[[Job], Iterator[Finding]], ...] = (
    graph.check,
    kinds.check,
    names.check,
    schedules.check,
    sizes.check,
    calls.check,
    compute.check,
    files.check,
    parameters.check,
)
BUNDLE_RULES: tuple[Callable[[Bundle], Iterator[Finding]], ...] = (strict_findings, code.check, deploy.check)


def lint(bundle: Bundle) -> list[Finding]:
    """Strict validation and every rule; places are relative to the bundle's root, each finding stands once.

    A finding of severity `error` is one that a run or a deployment would meet.
    """
    forget_notebooks()
    found: set[Finding] = set()
    for check_bundle in BUNDLE_RULES:
        found.update(check_bundle(bundle))
    for job in jobs_of(bundle):
        for check_job in JOB_RULES:
            found.update(check_job(job))
    shown = {Finding(bundle.shown(f.place), f.rule, f.message, f.hint, f.severity) for f in found}
    return sorted(shown)
