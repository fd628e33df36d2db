"""The day on which this workspace's samples end: what `as_of` means where data is years old and nobody says otherwise.

Samples are of fixed dates, so that they are the same for everybody. A job whose `as_of` is today by default would look
at them from years later, where nothing is recent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tideline.workspace.bundle import Bundle

FILE = "sample_day"
PARAMETER = "as_of"


def keep_sample_day(home: Path, day: date) -> None:
    """Remember that the samples in the workspace of state `home` end on `day`."""
    home.mkdir(parents=True, exist_ok=True)
    (home / FILE).write_text(f"{day}\n", encoding="utf-8")


def forget_sample_day(home: Path) -> None:
    """From now on `as_of` is again what the job declares."""
    (home / FILE).unlink(missing_ok=True)


def with_sample_day(bundle: Bundle, key: str, given: Mapping[str, str], home: Path) -> dict[str, str]:
    """The parameters that a run of the job gets: `as_of` added where the job has it, nobody gave it, and samples stand here."""
    declared = {str(each["name"]) for each in bundle.job(key).get("parameters") or []}
    if PARAMETER not in declared or PARAMETER in given or not (home / FILE).is_file():
        return dict(given)
    return {PARAMETER: (home / FILE).read_text(encoding="utf-8").strip(), **given}
