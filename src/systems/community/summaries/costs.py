"""What calls cost: an amount that is never passed, held before a call and settled by what the endpoint says it used."""

from __future__ import annotations

import threading
from dataclasses import dataclass


class BudgetReached(Exception):
    """The next call could cost more than what is left."""


@dataclass(frozen=True)
class Usage:
    """Tokens and USD of answers, as the endpoint counted them."""

    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0
    n_calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.tokens_in + other.tokens_in, self.tokens_out + other.tokens_out, self.usd + other.usd,
            self.n_calls + other.n_calls,
        )  # fmt: skip


class Budget:
    """USD that a run may spend; for threads. Spent, held and lost together never pass it.

    `lost` is what calls may have cost whose answer never came: the endpoint may bill them, and nobody said how much.
    """

    def __init__(self, usd: float) -> None:
        self.usd, self.used, self.lost = usd, Usage(), 0.0
        self._held, self._n_held = 0.0, 0
        self._changed = threading.Condition()

    def hold(self, usd: float) -> None:
        """Take `usd`, the most that a call may cost; waits while calls on their way may give back enough. Else BudgetReached."""
        with self._changed:
            while self.used.usd + self.lost + self._held + usd > self.usd:
                if not self._n_held or self.used.usd + self.lost + usd > self.usd:
                    raise BudgetReached(f"{self.used.usd + self.lost:.6f} of {self.usd:.6f} USD are spent")
                self._changed.wait()
            self._held, self._n_held = self._held + usd, self._n_held + 1

    def settle(self, held: float, used: Usage | None, *, is_lost: bool = False) -> None:
        """Give back what was held; `used` is what the call took, None without an answer."""
        with self._changed:
            self._n_held -= 1
            self._held = self._held - held if self._n_held else 0.0
            self.used = self.used + used if used else self.used
            self.lost += held if is_lost else 0.0
            self._changed.notify_all()
