"""What is due, by the clock and by what changed: pure, with times and looks that are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tideline.workspace.bundle.cron import parse_cron
from tideline.workspace.jobs.trigger import Trigger
from tideline.workspace.scheduler.due import Sight, back_off_seconds, consider
from tideline.workspace.scheduler.memory import Memory
from tideline.workspace.scheduler.moments import due_moments, next_moment
from tideline.workspace.scheduler.ways import (
    Continuous,
    FileArrival,
    Periodic,
    Rule,
    Schedule,
    TableUpdate,
    Waits,
    Way,
)

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
DAILY = Schedule("0 30 4 * * ?", "Europe/Berlin")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "America/Nuuk"]
# Around changes of the clock: Berlin's, New York's, Lord Howe's half hours, Havana's at midnight, Nuuk's before it.
TURNS = [
    datetime(2024, 3, 31, tzinfo=UTC), datetime(2024, 10, 27, tzinfo=UTC), datetime(2024, 11, 3, 5, tzinfo=UTC),
    datetime(2024, 4, 6, 14, tzinfo=UTC), datetime(2024, 10, 5, 15, tzinfo=UTC), datetime(2024, 3, 10, 4, tzinfo=UTC),
    datetime(2024, 3, 31, 1, tzinfo=UTC),
]  # fmt: skip


@dataclass
class Watch:
    """One rule looked at again and again; gives what was due."""

    way: Way
    memory: Memory | None = None
    triggers: list[Trigger] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def look(self, seconds: float, found: dict[str, str] | None = None, n_runs: int = 0) -> str:
        verdict = consider(
            Rule("job", 0, self.way, False), self.memory, Sight(NOON + timedelta(seconds=seconds), found, n_runs)
        )
        self.memory = verdict.memory
        self.said.append(verdict.said)
        if verdict.trigger:
            self.triggers.append(verdict.trigger)
        return verdict.trigger.type if verdict.trigger else ""


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["0 0/7 * * * ?", "0 15 2 * * ?", "30 0,30 0-3 * * ?", "0 45 1,2 ? * SUN,SAT,FRI", "0 0 0 * * ?"]),
    st.sampled_from(ZONES),
    st.sampled_from(TURNS),
    st.integers(-40, 40),
)
def test_moments_rise_and_none_is_passed_over_however_often_one_asks(
    expression: str, zone: str, turn: datetime, hours: int
) -> None:
    cron, after = parse_cron(expression), turn + timedelta(hours=hours)
    at_once = [moment.astimezone(UTC) for moment in cron.next_runs(after, zone, count=12)]
    assert at_once == sorted(set(at_once))
    assert at_once[0] > after
    one_by_one = [after]
    for _ in at_once:
        one_by_one.append(cron.next_runs(one_by_one[-1].astimezone(ZoneInfo(zone)), zone, count=1)[0].astimezone(UTC))
    assert one_by_one[1:] == at_once


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(["0 0/7 * * * ?", "*/20 * * * * ?", "0 15 2 * * ?", "0 0 3 1 * ?", "0 0 0 29 2 ?"]),
    st.sampled_from(ZONES),
    st.sampled_from(TURNS),
    st.floats(0.001, 60 * 24 * 20),
)
def test_what_is_due_is_the_first_and_the_last_moment_up_to_now(
    expression: str, zone: str, turn: datetime, minutes: float
) -> None:
    way, now = Schedule(expression, zone), turn + timedelta(minutes=min(minutes, 600) if "/20" in expression else minutes)
    moments = []
    for moment in way.cron.times_after(turn, zone):
        if moment > now:
            break
        moments.append(moment.astimezone(UTC))
    due = due_moments(way, turn, now)
    assert (due is None) == (not moments)
    if due:
        assert (due.first, due.last) == (moments[0], moments[-1])


def test_a_skipped_time_runs_an_hour_later_and_a_doubled_one_once() -> None:
    nightly = Schedule("0 30 2 * * ?", "Europe/Berlin")
    spring = due_moments(nightly, datetime(2024, 3, 30, 12, tzinfo=UTC), datetime(2024, 3, 31, 12, tzinfo=UTC))
    assert spring and spring.first == spring.last == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    autumn = due_moments(nightly, datetime(2024, 10, 26, 12, tzinfo=UTC), datetime(2024, 10, 27, 12, tzinfo=UTC))
    assert autumn and autumn.first == autumn.last == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert next_moment(nightly, autumn.last) == datetime(2024, 10, 28, 1, 30, tzinfo=UTC)


def test_the_last_moment_of_months_of_seconds_is_found_at_once() -> None:
    every_second = Schedule("* * * * * ?", "UTC")
    due = due_moments(every_second, NOON - timedelta(days=300), NOON)
    assert due and (due.first, due.last) == (NOON - timedelta(days=300) + timedelta(seconds=1), NOON)


def test_a_schedule_that_is_seen_for_the_first_time_has_missed_nothing() -> None:
    watch = Watch(DAILY)
    assert watch.look(0) == ""
    assert watch.look(14 * 3600) == ""
    assert watch.look(16 * 3600) == "periodic"
    assert watch.look(16 * 3600 + 1) == ""
    assert watch.triggers[0].at == datetime(2024, 1, 2, 3, 30, tzinfo=UTC).timestamp()
    assert watch.triggers[0].key == "job/0@2024-01-02T03:30:00+00:00"


def test_missed_moments_are_made_up_for_by_one_run_that_says_so() -> None:
    watch = Watch(DAILY)
    watch.look(0)
    assert watch.look(3 * 86400) == "periodic"
    assert watch.said[-1].startswith("due since 2024-01-02 03:30:00 UTC, the last time at 2024-01-04 03:30:00 UTC")
    assert watch.look(3 * 86400 + 5) == ""
    assert watch.look(5 * 86400) == "periodic"
    assert watch.triggers[0].key != watch.triggers[1].key


def test_another_schedule_has_no_past() -> None:
    watch = Watch(DAILY)
    watch.look(0)
    watch.way = Schedule("0 0 * * * ?", "UTC")
    assert watch.look(3 * 86400 + 60) == ""


def test_a_period_counts_from_when_it_was_first_seen_and_keeps_its_beat() -> None:
    watch = Watch(Periodic(2, "HOURS"))
    assert [watch.look(hours * 3600) for hours in (0, 1.9, 2.0, 2.1, 9.5, 9.9, 10)] == [
        "", "", "periodic", "", "periodic", "", "periodic",
    ]  # fmt: skip
    assert [trigger.at - NOON.timestamp() for trigger in watch.triggers] == [7200, 8 * 3600, 10 * 3600]


def test_only_new_files_count_and_each_once() -> None:
    watch = Watch(FileArrival("/Volumes/a/b/c", Waits()))
    looks = [{"old": ""}, {"old": ""}, {"old": "", "new": ""}, {"old": "", "new": ""}, {"new": ""}, {"old": "", "new": ""}]
    assert [watch.look(at, found) for at, found in enumerate(looks)] == ["", "", "file_arrival", "", "", "file_arrival"]
    assert watch.triggers[0].location == "/Volumes/a/b/c"


def test_a_folder_that_is_made_later_begins_empty_and_one_that_is_out_of_sight_is_remembered() -> None:
    watch = Watch(FileArrival("/Volumes/a/b/c", Waits()))
    assert [watch.look(0, None), watch.look(1, {"a": ""}), watch.look(2, None), watch.look(3, {"a": ""})] == [
        "", "file_arrival", "", "",
    ]  # fmt: skip


def test_a_run_waits_after_the_last_file_and_between_starts() -> None:
    watch = Watch(FileArrival("/x", Waits(between=300, after_change=60)))
    files: dict[str, str] = {}
    assert watch.look(0, files) == ""
    assert [watch.look(10, {"a": ""}), watch.look(60, {"a": ""}), watch.look(61, {"a": "", "b": ""})] == ["", "", ""]
    assert [watch.look(71, {"a": "", "b": ""}), watch.look(121, {"a": "", "b": ""})] == ["", "file_arrival"]
    more = {"a": "", "b": "", "c": ""}
    assert [watch.look(130, more), watch.look(400, more), watch.look(421, more)] == ["", "", "file_arrival"]


def test_tables_count_by_their_commits_any_of_them_or_all() -> None:
    names = ("c.s.one", "c.s.two")
    looks = [{"c.s.one": "3@1000"}, {"c.s.one": "4@2000"}, {"c.s.one": "5@3000", "c.s.two": "0@3500"}]
    any_of, all_of = (Watch(TableUpdate(names, needs_all, Waits())) for needs_all in (False, True))
    assert [any_of.look(at, found) for at, found in enumerate(looks)] == ["", "table", "table"]
    assert [all_of.look(at, found) for at, found in enumerate(looks)] == ["", "", "table"]
    assert all_of.triggers[0].tables == {
        "c.s.one": {"version": 5, "commit_timestamp": 3.0},
        "c.s.two": {"version": 0, "commit_timestamp": 3.5},
    }
    assert list(any_of.triggers[0].tables) == ["c.s.one"]


def test_a_continuous_job_starts_when_none_goes_on_and_later_after_each_failure() -> None:
    watch = Watch(Continuous())
    assert [watch.look(0), watch.look(1, n_runs=1), watch.look(2)] == ["continuous", "", "continuous"]
    assert watch.memory
    watch.memory = Memory(watch.memory.written, NOON.timestamp(), n_failed=3)
    assert [watch.look(39), watch.look(40)] == ["", "continuous"]


@pytest.mark.parametrize(("n_failed", "seconds"), [(0, 0), (1, 10), (2, 20), (6, 320), (7, 600), (100, 600)])
def test_the_back_off_doubles_up_to_ten_minutes(n_failed: int, seconds: float) -> None:
    assert back_off_seconds(n_failed) == seconds
