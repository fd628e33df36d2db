"""A small bundle whose jobs need no Spark, and a scheduler over it that is told the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.workspace.bundle.bundles import write
from tideline.workspace.bundle import Bundle, load_bundle
from tideline.workspace.control.background import Background
from tideline.workspace.control.kernels import Kernels
from tideline.workspace.jobs import JobRun, RunStore
from tideline.workspace.layout import Layout
from tideline.workspace.scheduler import Runs, Scheduler, rules_of
from tideline.workspace.scheduler.loop import Told
from tideline.workspace.server import ServerAddress

FILES = {
    "databricks.yml": """
        bundle: {name: small}
        targets: {dev: {mode: development, default: true}, prod: {}}
        resources:
          jobs:
            by_hand:
              tasks: [{task_key: same, condition_task: {op: EQUAL_TO, left: a, right: a}}]
            hourly:
              schedule: {quartz_cron_expression: "0 0 * * * ?", timezone_id: Europe/Berlin}
              parameters: [{name: due, default: "{{job.trigger.time.iso_datetime}}"}]
              tasks: [{task_key: same, condition_task: {op: EQUAL_TO, left: "{{job.parameters.due}}", right: a}}]
            hourly_or_never:
              schedule: {quartz_cron_expression: "0 0 * * * ?", timezone_id: UTC, pause_status: PAUSED}
              queue: {enabled: false}
              tasks: [{task_key: same, condition_task: {op: EQUAL_TO, left: a, right: a}}]
            on_files:
              trigger: {file_arrival: {url: /Volumes/main/raw/landing/}}
              parameters: [{name: where, default: "{{job.trigger.file_arrival.location}}"}]
              tasks:
                - task_key: right
                  condition_task: {op: EQUAL_TO, left: "{{job.trigger.type}} {{job.parameters.where}}",
                                   right: file_arrival /Volumes/main/raw/landing/}
            on_tables:
              trigger: {table_update: {table_names: [main.shop.orders]}}
              parameters: [{name: what, default: "{{job.trigger.table_update.updated_tables}}"}]
              tasks:
                - task_key: right
                  condition_task: {op: EQUAL_TO, right: '["main.shop.orders"] 0',
                                   left: "{{job.parameters.what}} {{job.trigger.table_update.main.shop.orders.version}}"}
            on_both:
              triggers: [{file_arrival: {url: /Volumes/main/raw/landing/}}, {periodic: {interval: 1, unit: HOURS}}]
              tasks: [{task_key: same, condition_task: {op: EQUAL_TO, left: a, right: a}}]
            always:
              continuous: {pause_status: UNPAUSED}
              parameters: [{name: number, default: "1"}]
              tasks: [{task_key: larger, condition_task: {op: GREATER_THAN, left: "{{job.parameters.number}}", right: "0"}}]
        """,
}


def no_server() -> ServerAddress:
    raise AssertionError("no job here needs Spark")


@dataclass
class ToldClock:
    """It is what time it is said to be."""

    at: datetime = field(default_factory=lambda: datetime(2024, 1, 1, 12, 30, tzinfo=UTC))

    def now(self) -> datetime:
        return self.at

    def wait(self, seconds: float) -> bool:
        self.at += timedelta(seconds=seconds)
        return False


@dataclass
class Desk:
    """A scheduler of some jobs, its clock, and what it told. `again` is the next process after an end by force."""

    root: Path
    jobs: tuple[str, ...]
    clock: ToldClock = field(default_factory=ToldClock)
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bundle: Bundle = load_bundle(self.root, target="prod")
        self.layout = Layout(self.root)
        self.store = RunStore(self.layout.runs)
        self.again()

    def again(self) -> None:
        background = Background(self.store, Kernels(self.layout, self.root, no_server))
        rules = [rule for rule in rules_of(self.bundle) if rule.job in self.jobs]
        runs = Runs(self.bundle, self.store, background)
        self.scheduler = Scheduler("prod", rules, runs, self.layout, self.clock, self.told.append)
        self.scheduler.recover()

    def pass_by(self, *steps: timedelta) -> None:
        """Let time pass, look after each step, and let what was started end."""
        for step in steps or (timedelta(0),):
            self.clock.at += step
            self.scheduler.tick()
            self.until(lambda: self.scheduler.is_idle)

    def until(self, is_so: Callable[[], bool]) -> None:
        limit = time.monotonic() + 120
        while not is_so():
            assert time.monotonic() < limit, [told.kind for told in self.told]
            time.sleep(0.02)
            self.scheduler.settle()

    def runs(self) -> list[JobRun]:
        """Oldest first."""
        return self.store.runs(limit=1000)[::-1]

    def kinds(self) -> list[str]:
        return [told.kind for told in self.told]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    made: list[Desk] = []

    def make(*jobs: str) -> Desk:
        made.append(Desk(write(tmp_path, FILES), jobs))
        return made[-1]

    yield make
    for each in made:
        each.scheduler.close()
