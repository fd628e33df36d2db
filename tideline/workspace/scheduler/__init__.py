"""What starts jobs by itself, where somebody asked for it: schedules, triggers, continuous jobs of one bundle.

ways        what a bundle says about when a job starts
moments     which of its moments are due, by the clock
changes     which files and tables changed, and whether that is enough
sights      what stands in a folder; a table's version, read from its log
memory      what is kept on disk, so that an end by force neither loses nor doubles a due run
due         one way of one job: from what is remembered and seen to what is due
runs        due runs at work, by the same runner and into the same store as `tideline run`
lock        one scheduler per bundle
loop        the scheduler: looks, remembers, starts
"""

from tideline.workspace.scheduler.clock import Clock, WallClock
from tideline.workspace.scheduler.lock import Holder, holder_of, one_per_bundle
from tideline.workspace.scheduler.loop import Scheduler
from tideline.workspace.scheduler.runs import Runs
from tideline.workspace.scheduler.ways import Rule, rules_of, rules_of_job

__all__ = [
    "Clock", "Holder", "Rule", "Runs", "Scheduler", "WallClock", "holder_of", "one_per_bundle", "rules_of", "rules_of_job",
]  # fmt: skip
