"""The labelled sample as the table of bronze would hold it, without Spark."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd

from systems.community.comment_classifier import in_one_order
from tideline.samples.community.labels import write_labels


def labelled(folder: Path, seed: int = 7) -> pd.DataFrame:
    """The sample of day 1, in one order."""
    file = write_labels(folder / "exports", 1, seed=seed, start=date(2023, 6, 1))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return in_one_order(pd.DataFrame(rows).rename(columns={"_id": "id"}))
