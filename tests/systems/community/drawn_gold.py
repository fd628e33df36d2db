"""Rows of the community's gold tables, drawn with a seed: heavy-tailed, with unknown countries, orphans and quiet months."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd

WEIGHTS, STATUSES = (1, 1, 1, 1, 20, 4, 60, 400), ("patron", "follower", "free trial", "none", "unknown")
FIRST = date(2023, 3, 5)


def countries(n: int = 30, seed: int = 3) -> pd.DataFrame:
    """Rows of `users_by_country`, with what `country_ranking` has of it; the last country has no patron and no money."""
    draws = np.random.default_rng(seed)
    names = ["unknown", "US", "TR", "TW", "BR", "HK", "TH", *[f"Q{chr(65 + k)}" for k in range(n)]][:n]
    n_users = (9000 / np.arange(1, n + 1) ** 1.2).astype(int) + 1
    n_patrons = draws.binomial(n_users, 0.09)
    n_patrons[-1] = 0
    cents = [int(draws.pareto(1.5) * 20_000) * int(patrons) for patrons in n_patrons]
    support = [Decimal(amount).scaleb(-2) for amount in cents]
    return pd.DataFrame(
        {
            "country": names, "n_users": n_users, "n_patrons": n_patrons,
            "n_followers": draws.binomial(n_users, 0.4), "n_free_trials": draws.binomial(n_users, 0.05),
            "n_supporters": np.minimum(n_users, n_patrons * 2), "campaign_lifetime_support_amount": [a / 2 for a in support],
            "lifetime_support_amount": support, "entitled_amount": [Decimal(5) * int(p) for p in n_patrons],
            "will_pay_amount": [Decimal(5) * int(p) for p in n_patrons],
        }
    )  # fmt: skip


def supporters(n: int = 400, seed: int = 4) -> pd.DataFrame:
    """Rows of `support_distribution`."""
    draws = np.random.default_rng(seed)
    paid = [Decimal(int(100 * x)).scaleb(-2) if x > 9 else Decimal(0) for x in 10 * draws.pareto(1.1, n)]
    return pd.DataFrame(
        {
            "user_pseudonym": [f"{x:032x}" for x in draws.permutation(n)],
            "country": draws.choice(countries()["country"], n), "patron_status": draws.choice(STATUSES[:4], n),
            "campaign_lifetime_support_amount": [amount / 2 for amount in paid], "lifetime_support_amount": paid,
            "entitled_amount": [Decimal(5)] * n,
        }
    )  # fmt: skip


def daily_activity(n: int = 900, n_days: int = 120, seed: int = 5) -> pd.DataFrame:
    """Rows of `daily_activity`: one per day, country and standing; the last drawn countries never talk or vote."""
    draws = np.random.default_rng(seed)
    talking = countries()["country"][:24]
    rows = pd.DataFrame(
        {
            "day": [FIRST + timedelta(days=int(d)) for d in draws.choice(np.r_[0:40, 70:n_days], n)],
            "country": draws.choice(talking, n, p=_heavy(24)), "patron_status": draws.choice(STATUSES, n),
            "n_comments": draws.poisson(0.4, n), "n_chosen_options": draws.poisson(3, n),
        }
    )  # fmt: skip
    weights = [int(draws.choice(WEIGHTS, options).sum()) if options else 0 for options in rows["n_chosen_options"]]
    return rows.assign(total_weight=weights).groupby(["day", "country", "patron_status"], as_index=False).sum()


def daily_poll_votes(n: int = 700, n_polls: int = 12, seed: int = 6) -> pd.DataFrame:
    """Rows of `daily_poll_votes`: polls of four options; the last poll does not exist, and nobody has the sixth option."""
    draws = np.random.default_rng(seed)
    polls = draws.integers(0, n_polls, n)
    rows = pd.DataFrame(
        {
            "day": [FIRST + timedelta(days=int(8 * p + d)) for p, d in zip(polls, draws.geometric(0.2, n), strict=True)],
            "post_id": [f"{p:024x}" for p in polls], "option_index": draws.choice([0, 1, 2, 3, 5], n),
            "n_chosen_options": draws.poisson(3, n) + 1,
        }
    )  # fmt: skip
    rows["is_known"] = (rows["option_index"] < 4) & (rows["post_id"] != f"{n_polls - 1:024x}")
    rows["total_weight"] = rows["n_chosen_options"] * draws.choice(WEIGHTS, n)
    rows["n_patron_options"] = draws.binomial(rows["n_chosen_options"], 0.3)
    keys = ["day", "post_id", "option_index", "is_known"]
    return rows.groupby(keys, as_index=False).sum()


def poll_results(votes: pd.DataFrame) -> pd.DataFrame:
    """Rows of `poll_results` for the polls of `daily_poll_votes`."""
    keys = ["post_id", "option_index", "is_known"]
    rows = votes.groupby(keys, as_index=False)[["n_chosen_options", "total_weight", "n_patron_options"]].sum()
    of_poll = rows.groupby("post_id")[["n_chosen_options", "total_weight", "n_patron_options"]].transform("sum")
    number = [int(post_id, 16) for post_id in rows["post_id"]]
    texts = ("A slow ballad, as in the old days", "Something to dance to", "What the band likes best", "A cover; tell us which")
    is_known = rows["is_known"].tolist()
    posted = [str(FIRST + timedelta(days=8 * n)) for n in number]
    return pd.DataFrame(
        {
            "post_id": rows["post_id"], "option_index": rows["option_index"],
            "title": [f"Which song comes next? ({n})" if known else "unknown" for n, known in zip(number, is_known, strict=True)],
            "option_text": [texts[i] if known else "unknown" for i, known in zip(rows["option_index"], is_known, strict=True)],
            "posted_on": [day if known else "unknown" for day, known in zip(posted, is_known, strict=True)],
            "n_votes": rows["n_chosen_options"], "total_weight": rows["total_weight"], "n_patron_votes": rows["n_patron_options"],
            "vote_share": rows["n_chosen_options"] / of_poll["n_chosen_options"],
            "weight_share": rows["total_weight"] / of_poll["total_weight"],
            "patron_vote_share": (rows["n_patron_options"] / of_poll["n_patron_options"]).fillna(0.0),
        }
    )  # fmt: skip


def months(n: int = 40, seed: int = 7) -> pd.DataFrame:
    """Rows of `monthly_activity`; some months are empty."""
    draws = np.random.default_rng(seed)
    means = {"n_posts": 5, "n_polls": 2, "n_comments": 60, "n_chosen_options": 5000}
    counts = {name: draws.poisson(mean, n) for name, mean in means.items()}
    starts = [stamp.date() for stamp in pd.date_range("2021-01-01", periods=n, freq="MS")]
    rows = pd.DataFrame({"month": starts, **counts})
    rows.loc[5:6, list(counts)] = 0
    return rows.assign(total_weight=rows["n_chosen_options"] * draws.integers(2, 9, n))


def _heavy(n: int) -> np.ndarray:
    weights = 1 / np.arange(1, n + 1) ** 1.3
    return weights / weights.sum()
