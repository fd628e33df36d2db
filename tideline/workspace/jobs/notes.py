"""What a workspace would do besides: notifications and broken health rules, noted and never sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tideline.workspace.jobs import states as s
from tideline.workspace.jobs.records import JobRun


def told_of(job: Mapping[str, Any], run: JobRun) -> Iterator[str]:
    """One sentence per notification and per broken rule."""
    when = "on_success" if run.is_fine else "on_failure" if run.state in s.FAILURES else ""
    for channel in ("email_notifications", "webhook_notifications"):
        receivers = (job.get(channel) or {}).get(when) or []
        names = ", ".join(str(each.get("id") if isinstance(each, dict) else each) for each in receivers)
        if names:
            yield f"a workspace would tell {names} ({channel}.{when})"
    for rule in (job.get("health") or {}).get("rules") or []:
        if rule.get("metric") == "RUN_DURATION_SECONDS" and run.seconds > float(rule.get("value") or 0):
            yield f"the run took {run.seconds:.0f} s, more than its health rule allows ({rule['value']} s)"
