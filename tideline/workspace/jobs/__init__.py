"""Jobs on a laptop: the same graph, conditions, retries and values as in the workspace.

run_if, result, conditions, references, select, loops     the rules, as pure functions
plan, run, schedule, attempts, kinds/                      a run at work
records, events, store, slots, junit                       what is kept of it
"""

from tideline.workspace.jobs.records import JobRun, TaskRun
from tideline.workspace.jobs.run import repair_run, run_job
from tideline.workspace.jobs.stop import Stop
from tideline.workspace.jobs.store import RunStore

__all__ = ["JobRun", "RunStore", "Stop", "TaskRun", "repair_run", "run_job"]
