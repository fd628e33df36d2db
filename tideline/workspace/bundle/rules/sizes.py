"""What the service cuts off or refuses for its size."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tideline.workspace.bundle.findings import Finding
from tideline.workspace.bundle.views import Job

LONGEST_PARAMETERS = 10_000
LONGEST_DEFAULT = 4_096
LONGEST_TAG = 256
MOST_TAGS = 25


def check(job: Job) -> Iterator[Finding]:
    for name, parameter in job.parameters.items():
        size = _bytes(parameter.text("default") or "")
        if size > LONGEST_DEFAULT:
            place = parameter.entries()["default"].place
            message = f"the default of parameter `{name}` has {size} bytes, at most {LONGEST_DEFAULT}"
            yield Finding(place, "long-default", message)
    tags = job.node.entries("tags")
    if len(tags) > MOST_TAGS:
        place = job.node.entries()["tags"].place
        yield Finding(place, "many-tags", f"job `{job.key}` has {len(tags)} tags, at most {MOST_TAGS}")
    for name, tag in tags.items():
        size = max(_bytes(name), _bytes(str(tag.value)))
        if size > LONGEST_TAG:
            yield Finding(tag.place, "long-tag", f"tag `{name[:40]}` has {size} bytes, at most {LONGEST_TAG}")
    yield from _task_parameters(job)


def _task_parameters(job: Job) -> Iterator[Finding]:
    for task in job.all_tasks:
        for kind in task.kinds:
            for field in ("base_parameters", "parameters", "named_parameters", "job_parameters"):
                node = task.node.get(kind, field)
                if node is None:
                    continue
                size = _bytes(json.dumps(node.plain(), separators=(",", ":"), default=str))
                if size > LONGEST_PARAMETERS:
                    message = (
                        f"the {field} of `{task.key}` have {size} bytes as JSON, at most {LONGEST_PARAMETERS}"
                    )
                    yield Finding(node.place, "long-parameters", message)


def _bytes(text: str) -> int:
    return len(text.encode())
