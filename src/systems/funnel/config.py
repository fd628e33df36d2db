"""What the business decided about funnels. A change here recomputes what depends on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from utils.errors import SpecError

DIMENSIONS = ("device", "sex", "channel")


@dataclass(frozen=True)
class Funnel:
    """Steps in their order, each with the bronze table of its visits; `users` is the table of those who walk it.

    `period` is the day that a user counts for: `user`, the user's own date; `visit`, the day (UTC) of the user's first visit
    to any step. After `settles_in_days` whoever goes on has gone on: younger users are not judged by the detector of breaks.
    """

    name: str
    users: str
    steps: tuple[tuple[str, str], ...]
    has_channel: bool
    period: Literal["user", "visit"] = "user"
    settles_in_days: int = 0

    def __post_init__(self) -> None:
        if self.period not in ("user", "visit"):
            raise SpecError(f"funnel `{self.name}`", f"period `{self.period}`", expected="user or visit")

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(table for _, table in self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the steps, in their order."""
        return tuple(step for step, _ in self.steps)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What its users can be broken down by."""
        return tuple(name for name in DIMENSIONS if name != "channel" or self.has_channel)


PURCHASE = Funnel(
    name="purchase",
    users="users",
    steps=(
        ("landing", "step1"), ("search", "step2"), ("product", "step3"),
        ("basket", "step4"), ("payment", "step5"), ("confirmation", "step6"),
    ),
    has_channel=True,
    settles_in_days=3,
)  # fmt: skip
PAGES = Funnel(
    name="pages",
    users="page_users",
    steps=(
        ("home", "home_page"), ("search", "search_page"),
        ("payment", "payment_page"), ("confirmation", "payment_confirmation"),
    ),
    has_channel=False,
)  # fmt: skip
FUNNELS = (PURCHASE, PAGES)
# Words for what is not known of a user, and for what a funnel does not have.
UNKNOWN, NONE = "unknown", "none"
OPEN, CLOSED = "open", "closed"
# The database keeps time with its zone; a transaction is never open for longer than this.
OVERLAP_MINUTES, CONNECTIONS = 10, 4
