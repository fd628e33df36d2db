"""Forgetting a person, from the list of whom to keep out to the last file; each step may be repeated.

In order: the list, so that nothing lands any more; what models published; landed files; raw; the quarantine; then bronze from
raw, silver and gold from that, by the code that made them; files of models; a search of every table; and the files that
hold what was removed. Dying in between leaves the person on the list as `begun`: forgetting again does what is left.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from pyspark.errors import PySparkException

from engine.changes import head_of
from engine.conflicts import retried
from engine.effects import about_to
from engine.forgetting import forgotten, places
from engine.forgetting.landed import Rewriting, Rewritten, rewrite
from engine.forgetting.places import QUARANTINE, Sought
from engine.forgetting.purge import allowed, kept_until, purge, refuse_wrong_hours
from engine.forgetting.taken_out import out_of_published, out_of_quarantine, out_of_raw
from engine.outcomes import Counts, Outcome, Outcomes
from engine.parallel import in_parallel
from engine.pipeline import run_layer
from engine.run import Run
from engine.run_log import RunLog
from engine.sources.files import list_files
from engine.sources.ledger import Ledger
from engine.sources.spec import Files
from engine.spec import FromRaw
from engine.table_run import said
from utils.errors import SettingsError, TidelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pyspark.sql import SparkSession

    from engine.system import System
    from utils.settings import Settings

ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._@:+-]{0,199}")
LANDED, ARTEFACTS = "landed files", "artefacts"


def forget(spark: SparkSession, system: System, settings: Settings, id_: str, retention_hours: int | None = None) -> Outcomes:
    """Remove a person; one outcome per place that held anything, which names the person by a keyed hash alone.

    Replaced files are removed after `retention_hours`, or with None after the tables' own time, by maintenance. A person of
    whom nothing is found is kept out from now on all the same. Raises SettingsError for what is no id or a system without
    persons, LayerFailed where something could not be removed.
    """
    _refuse_wrong(system, id_)
    refuse_wrong_hours(retention_hours)
    run = Run(spark, settings, system)
    sought = Sought(id_, settings.pseudonym(id_), forgotten.person_of(run, id_))
    log = RunLog(spark, settings)
    with allowed(spark, retention_hours):
        outcomes = _Forgetting(run, sought, retention_hours).outcomes()
    done = Outcomes(system.name, "forget", tuple(outcomes), kind="forget")
    log.append(done)
    done.raise_if_any_failed()
    return done


def _refuse_wrong(system: System, id_: str) -> None:
    if system.person is None:
        raise SettingsError(
            f"system `{system.name}`", "its records name no person",
            expected="a system that declares `person`", hint="There is nobody to forget here.",
        )  # fmt: skip
    if not ID.fullmatch(id_):
        raise SettingsError("the person's id", f"{len(id_)} characters", expected="letters, digits and . _ @ : + - alone")


@dataclass(frozen=True)
class _Forgetting:
    """One person, one system, one attempt."""

    run: Run
    sought: Sought
    retention_hours: int | None

    def outcomes(self) -> list[Outcome]:
        try:
            return self._outcomes()
        except (TidelineError, PySparkException, OSError) as error:
            return [self._failed("all", error)]

    def _outcomes(self) -> list[Outcome]:
        run, sought = self.run, self.sought
        earlier = forgotten.begin(run, sought.hash)
        paths = places.existing(run)
        versions = self._versions(paths)
        found = places.counted(run, sought, paths)
        outcomes = self._taken_out(paths)
        if earlier.is_begun or found or any(outcome.counts.changed for outcome in outcomes):
            self._derive()
            outcomes += self._published(paths) + self._artefacts()
        left = places.counted(run, sought, paths)
        outcomes += [self._still_held(path, n) for path, n in left.items()]
        is_left = earlier.is_begun or earlier.has_files
        stale = [path for path, version in self._versions(paths).items() if is_left or version != versions[path]]
        outcomes += self._purged(stale)
        if not any(outcome.status == "failed" for outcome in outcomes):
            forgotten.finish(run, sought.hash, kept_until(self.retention_hours) if stale else None)
        return self._told(outcomes, found)

    def _taken_out(self, paths: list[str]) -> list[Outcome]:
        """What models published goes first: which of it was the person's is told by silver, as long as it holds the person."""
        outcomes = [*self._published(paths), self._landed()]
        for source in self.run.system.sources:
            if source.path in paths:
                outcomes.append(self._done(source.path, partial(out_of_raw, self.run, source, self.sought)))
        if QUARANTINE in paths:
            outcomes.append(self._done(QUARANTINE, partial(out_of_quarantine, self.run, self.sought)))
        return outcomes

    def _published(self, paths: list[str]) -> list[Outcome]:
        tables = [table for table in places.published(self.run) if table.path in paths]
        return [self._done(table.path, partial(out_of_published, self.run, table, self.sought)) for table in tables]

    def _landed(self) -> Outcome:
        """Files that were decided on; others are cleared by the run that lands them."""
        takers = [source for source in self.run.system.sources if isinstance(source, Files)]
        if not takers:
            return self._outcome(LANDED, Counts(), "none: the source is no folder")
        decided = Ledger(self.run).decided()
        wanted = []
        for file in list_files(self.run):
            folder, _, name = file.file.rpartition("/")
            source = next((each for each in takers if each.folder == folder and each.takes(name)), None)
            judge = forgotten.judge_of(self.run, source.name if source else "", self.sought.id.__eq__)
            wanted += [Rewriting(file, source, judge)] if file.identity in decided and file.length else []
        done = rewrite(self.run, wanted, self.sought.id)
        outcome = self._outcome(LANDED, Counts(read=len(wanted), deleted=done.n_records), _told_of(done, len(wanted)))
        return replace(outcome, status="failed", error="; ".join(done.problems)) if done.problems else outcome

    def _derive(self) -> None:
        """Bronze anew from raw, and what follows: without the person's records it is what it would be had they never come."""
        spark, system, settings = self.run.spark, self.run.system, self.run.settings
        assert system.person is not None
        named = {f"raw.{name}" for name in system.person.sources} if not system.person.looks_like else None
        again = [table.name for table in system.tables if isinstance(table, FromRaw) and (named is None or table.source in named)]
        run_layer(spark, system, "bronze", replace(settings, tables=tuple(again), rebuild=True, run_id=uuid.uuid4().hex))
        for layer in ("bronze", "silver", "gold"):
            run_layer(spark, system, layer, replace(settings, tables=(), rebuild=False, run_id=uuid.uuid4().hex))

    def _artefacts(self) -> list[Outcome]:
        clear = self.run.system.person.artefacts if self.run.system.person else None
        if clear is None:
            return []
        try:
            about_to("clear artefacts")
            cleared: Mapping[str, int] = clear(self.run.settings, self.sought.pseudonym)
        except Exception as error:  # whatever a store of models fails with, the other steps are done
            return [self._failed(ARTEFACTS, error)]
        told = ", ".join(f"{n} {what}" for what, n in cleared.items()) or "nothing of the person"
        return [self._outcome(ARTEFACTS, Counts(deleted=sum(cleared.values())), told)]

    def _purged(self, paths: list[str]) -> list[Outcome]:
        columns = places.columns_of(self.run)

        def one(path: str) -> Outcome | None:
            name = self.run.settings.name_of(path)
            try:
                retried(lambda _: purge(self.run.spark, name, columns[path], self.retention_hours))
            except (TidelineError, PySparkException) as error:
                return self._failed(path, error)
            return None

        found = in_parallel(self.run.settings.parallel_tables, [partial(one, path) for path in paths])
        return [outcome for outcome in found if outcome]

    def _versions(self, paths: list[str]) -> dict[str, int]:
        spark, settings = self.run.spark, self.run.settings
        heads = in_parallel(settings.parallel_tables, [partial(head_of, spark, settings.name_of(path)) for path in paths])
        return {path: head.version for path, head in zip(paths, heads, strict=True) if head}

    def _done(self, path: str, work: Callable[[], Counts]) -> Outcome:
        started = datetime.now(UTC)
        try:
            counts = retried(lambda _: work())
        except (TidelineError, PySparkException) as error:
            return self._failed(path, error)
        return replace(self._outcome(path, counts, ""), started_at=started).finished()

    def _outcome(self, path: str, counts: Counts, why: str) -> Outcome:
        status = "written" if counts.changed else "nothing to do"
        told = f"person {self.sought.hash[:12]}" + (f": {why}" if why else "")
        return Outcome(path, status, "forget", told, datetime.now(UTC), counts=counts).finished()

    def _failed(self, path: str, error: Exception) -> Outcome:
        outcome = self._outcome(path, Counts(), "")
        return replace(outcome, status="failed", error=self.sought.said_without(said(error)))

    def _still_held(self, path: str, n: int) -> Outcome:
        outcome = self._outcome(path, Counts(), "")
        return replace(outcome, status="failed", error=f"{n} row(s) hold the person still; does another run write? Forget again")

    def _told(self, outcomes: list[Outcome], found: Mapping[str, int]) -> list[Outcome]:
        """Outcomes that say something; tables that were derived again are told by what they held before."""
        kept = [outcome for outcome in outcomes if outcome.counts.changed or outcome.status == "failed"]
        known = {outcome.table for outcome in kept}
        kept += [self._outcome(path, Counts(deleted=n), "derived again") for path, n in found.items() if path not in known]
        return kept or [self._outcome("all", Counts(), "nothing of the person was found; what is delivered later does not land")]


def _told_of(done: Rewritten, n: int) -> str:
    return f"{done.n_files} of {n} file(s) rewritten"
