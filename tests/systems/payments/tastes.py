"""Payments of a generated world as the tables that models learn from, without Spark."""

from __future__ import annotations

import numpy as np
import pandas as pd

from systems.payments.taste import Taste
from tideline.samples.payments.world import CATEGORIES, N_TOP, World
from utils.pseudonyms import pseudonym_of

SECRET = "a secret of the tests"
CLOSED = 25  # every so manieth company


def tables(world: World, n_payments: int, seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Pairs as `silver.client_company` has them (client pseudonymised), `silver.company_features`, `gold.popular_companies`."""
    draw = np.random.default_rng(seed)
    client = draw.choice(world.n_clients, n_payments, p=world.activity)
    paid = pd.DataFrame({"client": client, "company": world.choose(draw, client), "first_paid_us": np.arange(n_payments) * 1_000})
    pairs = paid.groupby(["client", "company"], as_index=False)["first_paid_us"].min()
    n_clients = pairs.groupby("company").size().reindex(range(world.n_companies), fill_value=0).to_numpy()
    names = {row: pseudonym_of(SECRET, world.client_id(row)) for row in pairs["client"].unique()}
    companies = pd.DataFrame(
        {
            "company_id": world.company_id,
            "company_code": [world.company_code(i) for i in range(world.n_companies)],
            "company_name": [world.company_name(i).strip() for i in range(world.n_companies)],
            "category": [CATEGORIES[c] if c >= 0 else "unknown" for c in world.category],
            "is_top_biller": np.arange(world.n_companies) < N_TOP,
            "is_closed": np.arange(world.n_companies) % CLOSED == CLOSED - 1,
            "n_clients": n_clients,
            "mean_log10_amount": np.where(n_clients > 0, np.log10(world.ticket), np.nan),
            "median_gap_days": np.where(n_clients > 3, 30.0, np.nan),
        }
    )
    pairs = pairs.assign(client=pairs["client"].map(names), company_id=world.company_id[pairs["company"]])
    popular = companies[~companies["is_closed"] & (companies["n_clients"] > 0)]
    popular = popular.sort_values(["n_clients", "company_id"], ascending=[False, True]).head(50)
    return pairs, companies, popular.assign(rank=range(1, len(popular) + 1))[["rank", "company_id"]]


def taste_of(world: World, n_payments: int) -> tuple[Taste, pd.DataFrame]:
    pairs, companies, popular = tables(world, n_payments)
    shuffled = pairs.sample(frac=1, random_state=1), companies.sample(frac=1, random_state=2)
    return Taste.of(*shuffled), popular
