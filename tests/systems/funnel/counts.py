"""Daily counts as the detector's assembly takes them, made of people who are drawn one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

START = date(2023, 6, 1)
N_STEPS = 6


def people(
    n_days: int, per_day: int, *, seed: int = 1, mobile: float = 0.5, mobile_later: float | None = None,
    changes: Sequence[tuple[int, int, str, float]] = (),
) -> pd.DataFrame:  # fmt: skip
    """Users of a funnel of six steps; everyone goes on at 0.6, mobile users at 0.5.

    `changes` are (day, step, device or "all", new rate); from half of the days on, `mobile_later` of the users are mobile.
    """
    draw = np.random.default_rng(seed)
    rows = []
    for day in range(n_days):
        share = mobile if mobile_later is None or day < n_days // 2 else mobile_later
        device = np.where(draw.random(per_day) < share, "mobile", "desktop")
        rate = np.where(device[:, None] == "mobile", 0.5, 0.6) * np.ones((per_day, N_STEPS - 1))
        for since, step, who, new in changes:
            if day >= since:
                rate[(device == who) | (who == "all"), step - 1] = new
        passed = np.column_stack([np.ones(per_day, dtype=bool), np.cumprod(draw.random(rate.shape) < rate, axis=1) > 0])
        coin = np.where(draw.random(per_day) < 0.5, "a", "b")
        table = pd.DataFrame(passed, columns=[f"n_{n}" for n in range(1, N_STEPS + 1)])
        rows.append(table.assign(day=START + timedelta(days=day), device=device, coin=coin, everybody="everybody"))
    return pd.concat(rows)


def counted(users: pd.DataFrame, dimensions: Sequence[str] = ("device", "coin"), funnel: str = "purchase") -> pd.DataFrame:
    """What `daily_counts` gives for them; the last visit is on the last user's day."""
    numbers = [f"n_{n}" for n in range(1, N_STEPS + 1)]
    parts = [
        users.groupby(["day", name], as_index=False)[numbers].sum().rename(columns={name: "value"}).assign(dimension=name)
        for name in ("everybody", *dimensions)
    ]
    return pd.concat(parts).assign(funnel=funnel, last_visit_day=users["day"].max())
