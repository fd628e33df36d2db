"""What the business decided about funnels. A change here recomputes what depends on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Funnel:
    """Steps in their order, each with the bronze table of its visits; `users` is the table of those who walk it."""

    name: str
    users: str
    steps: tuple[tuple[str, str], ...]
    has_channel: bool

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(table for _, table in self.steps)


PURCHASE = Funnel(
    name="purchase",
    users="users",
    steps=(
        ("landing", "step1"), ("search", "step2"), ("product", "step3"),
        ("basket", "step4"), ("payment", "step5"), ("confirmation", "step6"),
    ),
    has_channel=True,
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
