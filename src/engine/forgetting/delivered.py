"""Files that were delivered after a person was forgotten: what is the person's did not land, and does not stay in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.forgetting.forgotten import judge_of
from engine.forgetting.landed import Rewriting, rewrite
from engine.forgetting.suppressed import named_in
from engine.sources.records import read_records

if TYPE_CHECKING:
    from engine.forgetting.judge import Judge
    from engine.run import Run
    from engine.sources.ledger import Decision, Listed
    from engine.sources.spec import Files
    from engine.sources.surveyed import Surveyed

READ = ("landed", "truncated", "repeated")


def clear_of_forgotten(
    run: Run, source: Files, surveyed: Sequence[tuple[Listed, Surveyed]], decisions: Sequence[Decision], judge: Judge | None
) -> list[Decision]:
    """The decisions, those of files that named forgotten persons with how many records did; these files are rewritten.

    Repeated files are read by record, too: of what they hold nothing would land, and it would stay there.
    """
    read = {decision.listed.identity for decision in decisions if decision.status in READ}
    files = [(file, found) for file, found in surveyed if file.identity in read]
    if judge is None or not files:
        return list(decisions)
    named = named_in(read_records(run.spark, source, files), judge)
    wanted = [Rewriting(file, source, judge_of(run, source.name, set(named[file.file][1]).__contains__))
              for file, _ in files if file.file in named]  # fmt: skip
    done = rewrite(run, wanted)
    problems = f"; it stays in the file: {'; '.join(done.problems)}" if done.problems else ""
    return [
        replace(decision, note=f"{named[decision.listed.file][0]} record(s) name a person who was forgotten{problems}")
        if decision.listed.file in named
        else decision
        for decision in decisions
    ]
