"""Why a run began: by hand, by another job, or by what the job's schedule or trigger says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

BY_HAND, BY_JOB = "one_time", "run_job_task"
PERIODIC, FILE_ARRIVAL, TABLE, CONTINUOUS = "periodic", "file_arrival", "table", "continuous"


@dataclass(frozen=True)
class Trigger:
    """`type` in the platform's words; `at` is the moment that was due, in UTC seconds (0: the start of the run).

    `key` is the same whenever the same due moment is considered again, and empty where nobody would. `location` is what
    file arrival watches; `tables` are the updated ones, by name: the version and the time of the commit (UTC seconds).
    """

    type: str = BY_HAND
    at: float = 0.0
    key: str = ""
    location: str = ""
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
