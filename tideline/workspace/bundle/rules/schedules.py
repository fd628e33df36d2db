"""When a job starts by itself: one way only, at times that exist."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tideline.workspace.bundle.cron import parse_cron
from tideline.workspace.bundle.cron_fields import CronError
from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.nodes import Node
from tideline.workspace.bundle.suggest import did_you_mean
from tideline.workspace.bundle.views import Job

WAYS = ("schedule", "trigger", "continuous")
SHORTEST_TIMER = 60
TIMERS = ("min_time_between_triggers_seconds", "wait_after_last_change_seconds")


def check(job: Job) -> Iterator[Finding]:
    ways = [way for way in WAYS if job.node.get(way) is not None]
    if len(ways) > 1:
        place = job.node.entries()[ways[1]].place
        yield Finding(place, "several-triggers", f"job `{job.key}` has {' and '.join(ways)}; keep one")
    schedule = job.node.get("schedule")
    if schedule is not None:
        yield from schedule_findings(schedule, f"job `{job.key}`")
    for kind in ("file_arrival", "table_update"):
        for timer in TIMERS:
            node = job.node.get("trigger", kind, timer)
            if node is not None and isinstance(node.value, int) and 0 < node.value < SHORTEST_TIMER:
                message = f"job `{job.key}`: {timer} is {node.value}, at least {SHORTEST_TIMER}"
                yield Finding(node.place, "short-timer", message)


def schedule_findings(schedule: Node, owner: str) -> Iterator[Finding]:
    """The expression and the time zone of anything with `quartz_cron_expression` and `timezone_id`."""
    expression = schedule.get("quartz_cron_expression")
    if expression is not None and isinstance(expression.value, str):
        try:
            parse_cron(expression.value)
        except CronError as error:
            yield Finding(expression.place, "bad-cron", f"{owner}: {error}")
    zone = schedule.get("timezone_id")
    if zone is not None and not is_time_zone(str(zone.value)):
        hint = (
            did_you_mean(str(zone.value), available_timezones(), what="zones such as") if zone.value else ""
        )
        yield Finding(zone.place, "bad-time-zone", f"{owner}: `{zone.value}` is no time zone", hint)


def is_time_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
