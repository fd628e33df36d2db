"""The labelled sample of comments that a member of staff made by hand, and goes on correcting; some labels are wrong.

It is as large whatever the size of the community: reading comments takes people's time, not computers'.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from tideline.samples.community.remarks import SENTIMENTS, remark
from tideline.samples.community.users import LANGUAGES
from tideline.samples.community.world import iso
from tideline.samples.delivery import Drop, day_of
from tideline.samples.draws import moment_between, object_id, rng, weighted

COLLECTION, FOLDER, LABELLED_AT = "comment_labels", "labels", time(6, 30)
FIRST, NEW, CORRECTED = 1_500, 6, 4
LANGUAGE_WEIGHTS = (30, *[5] * 14)
WRONG = 0.05


def write_labels(landing: Path, day_index: int, *, seed: int, start: date) -> Path:
    """Write the drop of a day into `labels` beside the exports: all of the sample on day 1, then what is new or corrected."""
    drop = Drop(landing.parent / FOLDER, day_of(start, day_index))
    day = drop.day
    if day_index == 1:
        records = [_label(seed, number, day) for number in range(FIRST)]
    else:
        first = FIRST + (day_index - 2) * NEW
        again = rng(seed, "labels corrected", day_index).sample(range(FIRST), CORRECTED)
        records = [_label(seed, number, day) for number in range(first, first + NEW)]
        records += [_label(seed, number, day, is_corrected=True) for number in sorted(again)]
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return drop.put(COLLECTION, LABELLED_AT, lines, suffix="jsonl")


def _label(seed: int, number: int, day: date, *, is_corrected: bool = False) -> dict[str, Any]:
    """One labelled comment. Some were posted twice, with another id: as they were, or in small letters and louder."""
    is_repeat = number % 40 == 17
    draw = rng(seed, "labelled comment", number - 1 if is_repeat else number)
    said = remark(draw, weighted(draw, LANGUAGES, LANGUAGE_WEIGHTS))
    labeller = rng(seed, "labelled", number)
    sentiment, is_suggestion = said.sentiment, said.is_suggestion
    if labeller.random() < WRONG and not is_corrected:
        sentiment = labeller.choice([each for each in SENTIMENTS if each != sentiment])
    if labeller.random() < WRONG and not is_corrected:
        is_suggestion = not is_suggestion
    body = said.body.lower() + "!!" if is_repeat and number % 80 == 17 else said.body
    at = datetime.combine(day, LABELLED_AT, tzinfo=UTC)
    born = datetime(2023, 1, 1, tzinfo=UTC)
    return {
        "_id": object_id(seed, "labels", number, born), "body": body, "language": said.language, "sentiment": sentiment,
        "is_suggestion": is_suggestion, "labelled_at": iso(moment_between(labeller, at.replace(hour=1), at)),
    }  # fmt: skip
