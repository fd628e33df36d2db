"""What the generator planted, for whoever wants to know how far a recommender is from the best that is possible."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tideline.samples.payments.world import TASTE_SHARE, TOP_SHARE, World


def best_companies(world: World, n: int) -> pd.DataFrame:
    """The `n` companies that each client's next payment most probably goes to, with their share of it.

    Columns external_client_id, company_id, share; ties go to the smaller company.
    """
    everywhere = (1 - TOP_SHARE - TASTE_SHARE) / world.n_companies
    members = world.members()
    rows = []
    for client in range(world.n_clients):
        share = np.full(world.n_companies, everywhere)
        for cluster in world.clusters[client]:
            mine = members[cluster]
            share[mine] += TASTE_SHARE / 2 * world.popularity[mine] / world.popularity[mine].sum() if len(mine) else 0
        np.add.at(share, world.habits[client], TOP_SHARE / 2)
        best = np.argsort(-share, kind="stable")[:n]
        rows.append((client, best, share[best]))
    return pd.DataFrame(
        {
            "external_client_id": np.repeat([world.client_id(client) for client, _, _ in rows], n),
            "company_id": world.company_id[np.concatenate([best for _, best, _ in rows])],
            "share": np.concatenate([share for _, _, share in rows]),
        }
    )
