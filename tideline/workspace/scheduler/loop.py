"""The scheduler: looks, remembers what is due, starts it, and says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tideline.workspace.control.errors import ApiError
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.jobs import states as s
from tideline.workspace.layout import Layout
from tideline.workspace.scheduler.clock import Clock
from tideline.workspace.scheduler.due import Sight, consider
from tideline.workspace.scheduler.lock import home_of
from tideline.workspace.scheduler.memory import State, Waiting, read_state, write_state
from tideline.workspace.scheduler.moments import next_moment
from tideline.workspace.scheduler.runs import Runs
from tideline.workspace.scheduler.sights import Tables, files_in, folder_of
from tideline.workspace.scheduler.ways import Continuous, FileArrival, Periodic, Rule, Schedule, TableUpdate

LONGEST_WAIT_SECONDS = 48 * 3600.0


@dataclass(frozen=True)
class Told:
    """`kind`: due, started, taken_up, ended, dropped, trouble."""

    kind: str
    at: datetime
    job: str
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)


class Scheduler:
    """Serves `rules`. `tell` hears of everything that happens. Ask `tick` again and again.

    What is kept of jobs without a rule here stays as it is: another scheduler may serve them later.
    """

    def __init__(
        self, target: str, rules: Sequence[Rule], runs: Runs, layout: Layout, clock: Clock, tell: Callable[[Told], None]
    ) -> None:
        self._rules, self._runs, self._layout, self._clock, self._tell_on = rules, runs, layout, clock, tell
        self._jobs = {rule.job for rule in rules}
        self._file = home_of(layout) / f"{quote(target, safe='')}.json"
        self._tables = Tables(layout)
        self._troubles: dict[str, str] = {}
        self.state = read_state(self._file)

    @property
    def is_idle(self) -> bool:
        """Nothing goes on, and nothing waits for a place."""
        return not self._going() and not self._waiting()

    def next_of(self, rule: Rule) -> datetime | None:
        """The next moment of a rule that goes by the clock; None for others."""
        if not isinstance(rule.way, Schedule | Periodic):
            return None
        now, memory = self._clock.now(), self.state.rules.get(rule.id)
        if isinstance(rule.way, Periodic) and memory and memory.written == repr(rule.way):
            return next_moment(rule.way, datetime.fromtimestamp(memory.considered_at, UTC))
        return next_moment(rule.way, now)

    def recover(self) -> None:
        """What an earlier scheduler left: runs in the store are no longer waited for, those that were cut off go on."""
        for waiting in self._waiting():
            run = self._runs.started_by(waiting.trigger)
            if run is not None:
                self.state.waiting.remove(waiting)
                self.state.going[run.run_id] = run.job_key
        for run_id, job in self._going().items():
            run = self._runs.find(run_id)
            if run is not None and run.is_cut_off:
                self._take_up(run_id, job)
        self._save()

    def tick(self) -> None:
        """Note what ended, consider every rule, write down what is due, start what has a place."""
        self._note_ends()
        before = _picture(self.state)
        for rule in self._rules:
            self._consider(rule)
        if _picture(self.state) != before:
            self._save()
        self._start()

    def settle(self) -> None:
        """Note what ended, and start what waits for its place; consider nothing new."""
        self._note_ends()
        self._start()

    def close(self) -> None:
        """Stop the runs that go on and note their ends. What waits for a place goes on waiting, for a later scheduler."""
        self._runs.close()
        self._note_ends()

    def _going(self) -> dict[str, str]:
        return {run_id: job for run_id, job in self.state.going.items() if job in self._jobs}

    def _waiting(self) -> list[Waiting]:
        return [waiting for waiting in self.state.waiting if waiting.job in self._jobs]

    def _consider(self, rule: Rule) -> None:
        now, id = self._clock.now(), rule.id
        try:
            sight = Sight(now, self._look(rule), self._n_of(rule.job))
        except (WorkspaceError, OSError) as error:
            if self._troubles.get(id) != str(error):
                self._tell("trouble", rule.job, str(error))
            self._troubles[id] = str(error)
            return
        self._troubles.pop(id, None)
        verdict = consider(rule, self.state.rules.get(id), sight)
        self.state.rules[id] = verdict.memory
        if verdict.trigger:
            self.state.waiting.append(Waiting(rule.job, verdict.trigger, now.timestamp()))
            self._tell("due", rule.job, verdict.said, trigger=verdict.trigger.type)

    def _look(self, rule: Rule) -> dict[str, str] | None:
        if isinstance(rule.way, FileArrival):
            return files_in(folder_of(rule.way.url, self._layout))
        return self._tables.marks(rule.way.names) if isinstance(rule.way, TableUpdate) else None

    def _n_of(self, job: str) -> int:
        return sum(each.job == job for each in self.state.waiting) + list(self.state.going.values()).count(job)

    def _start(self) -> None:
        """What waits, in its order, as far as its job has places; a job without a queue starts it to have it skipped."""
        for waiting in self._waiting():
            limit = self._runs.n_at_once(waiting.job)
            if self._clock.now().timestamp() - waiting.since > LONGEST_WAIT_SECONDS:
                self.state.waiting.remove(waiting)
                self._tell("dropped", waiting.job, "waited for 48 hours")
            elif limit is None or list(self.state.going.values()).count(waiting.job) < limit:
                self._start_one(waiting)
            else:
                continue
            self._save()

    def _start_one(self, waiting: Waiting) -> None:
        try:
            run_id = self._runs.start(waiting.job, waiting.trigger)
        except ApiError:  # too many runs go on in this process: the next tick tries again
            return
        except WorkspaceError as error:
            self.state.waiting.remove(waiting)
            self._tell("dropped", waiting.job, f"cannot run: {error}")
            self._count_failure(waiting.job, has_failed=True)
            return
        self.state.waiting.remove(waiting)
        self.state.going[run_id] = waiting.job
        self._tell("started", waiting.job, f"run {run_id}", run_id=run_id, trigger=waiting.trigger.type)

    def _take_up(self, run_id: str, job: str) -> None:
        try:
            self._runs.take_up(run_id)
            self._tell("taken_up", job, f"run {run_id} was cut off and goes on", run_id=run_id)
        except (WorkspaceError, ApiError) as error:
            del self.state.going[run_id]
            self._tell("dropped", job, f"run {run_id} was cut off and cannot go on: {error}", run_id=run_id)

    def _note_ends(self) -> None:
        ended = [run_id for run_id in self._going() if not self._runs.is_going(run_id)]
        for run_id in ended:
            job, run = self.state.going.pop(run_id), self._runs.find(run_id)
            state, seconds = (run.state, run.seconds) if run else ("", 0.0)
            self._count_failure(job, has_failed=state in s.FAILURES)
            self._tell(
                "ended", job, f"run {run_id}: {state or 'removed'} in {seconds:.1f} s",
                run_id=run_id, state=state, seconds=seconds,
            )  # fmt: skip
        if ended:
            self._save()

    def _count_failure(self, job: str, *, has_failed: bool) -> None:
        """A continuous job's next run is the later the more of them failed in a row; the wait counts from here."""
        now = self._clock.now().timestamp()
        for rule in self._rules:
            memory = self.state.rules.get(rule.id)
            if rule.job == job and isinstance(rule.way, Continuous) and memory:
                n_failed = memory.n_failed + 1 if has_failed else 0
                self.state.rules[rule.id] = replace(memory, n_failed=n_failed, considered_at=now)

    def _tell(self, kind: str, job: str, text: str, **data: Any) -> None:
        self._tell_on(Told(kind, self._clock.now(), job, text, data))

    def _save(self) -> None:
        write_state(self._file, self.state)


def _picture(state: State) -> tuple[dict[str, Any], int]:
    return dict(state.rules), len(state.waiting)
