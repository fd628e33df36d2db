"""The companies and clients of a bill-payment service, and which companies a client has a taste for.

The planted answer: every client has one or two taste clusters; what he pays besides his habitual large billers comes
from them, by popularity within the cluster. `taste` gives that distribution, so that a recommender can be held against it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

CATEGORIES = (
    "electricity", "water", "gas", "mobile phone", "internet", "cable television", "health plan", "school fees",
    "university", "gym", "club", "municipal taxes", "provincial taxes", "car insurance", "home insurance",
    "life insurance", "credit card", "personal loan", "rent", "condominium", "security", "cemetery", "donations",
    "streaming", "transport card", "tolls", "professional council",
)  # fmt: skip
WORDS = ("Andes", "Austral", "Delta", "Norte", "Sur", "Pampa", "Litoral", "Cuyo", "Plata", "Ribera", "Valle", "Sierra")
N_TOP, COMPANIES_PER_CLUSTER, LARGEST_ID = 12, 12, 35_000
WITHOUT_CATEGORY, MEDIAN_AMOUNT = 0.14, 20_000.0
# Where a payment goes: to one of the client's habitual large billers, to his taste, or anywhere.
TOP_SHARE, TASTE_SHARE = 0.5, 0.43


@dataclass(frozen=True)
class World:
    """`companies` and `clients` count them; arrays are indexed by company or client, from 0.

    `category` is -1 where the company has none; `clusters` holds two taste clusters per client, equal for most.
    `habits` holds the two large billers that a client pays; `activity` is a client's share of all payments.
    """

    seed: int
    company_id: Ints
    category: Ints
    cluster: Ints
    popularity: Floats
    ticket: Floats
    clusters: Ints
    habits: Ints
    activity: Floats

    @classmethod
    def of(cls, seed: int, *, companies: int, clients: int) -> World:
        """A world of a size; ids of companies have gaps, the first N_TOP companies are the large billers."""
        draw = np.random.default_rng([seed, 11])
        ids = np.sort(draw.choice(np.arange(1, max(LARGEST_ID, 2 * companies) + 1), companies, replace=False))
        n_clusters = max(4, companies // COMPANIES_PER_CLUSTER)
        category = draw.integers(0, len(CATEGORIES), companies)
        category[draw.random(companies) < WITHOUT_CATEGORY] = -1
        cluster = draw.integers(0, n_clusters, companies)
        cluster[:N_TOP] = -1
        popularity = draw.pareto(1.3, companies) + 0.3
        home = draw.integers(0, n_clusters, clients)
        second = np.where(draw.random(clients) < 0.3, draw.integers(0, n_clusters, clients), home)
        top_weights = popularity[:N_TOP] / popularity[:N_TOP].sum()
        activity = draw.pareto(1.2, clients) + 0.2
        ticket = np.exp(draw.normal(0, 0.7, companies))
        others = np.concatenate([np.zeros(N_TOP), popularity[N_TOP:] / popularity[N_TOP:].sum()])
        share = TOP_SHARE * np.pad(top_weights, (0, companies - N_TOP)) + (1 - TOP_SHARE) * others
        return cls(
            seed=seed,
            company_id=ids,
            category=category,
            cluster=cluster,
            popularity=popularity,
            ticket=ticket * MEDIAN_AMOUNT / np.exp(share @ np.log(ticket)),
            clusters=np.stack([home, second], axis=1),
            habits=draw.choice(N_TOP, (clients, 2), p=top_weights),
            activity=activity / activity.sum(),
        )

    @property
    def n_companies(self) -> int:
        return len(self.company_id)

    @property
    def n_clients(self) -> int:
        return len(self.activity)

    def company_code(self, company: int) -> str:
        """AR-S- and five digits."""
        return f"AR-S-{self.company_id[company]:05d}"

    def company_name(self, company: int) -> str:
        """Some have stray blanks; every fortieth has the name of the company before it, but for those."""
        is_twin = company % 40 == 39
        number = int(self.company_id[company - is_twin])
        name = f"{WORDS[number % 12]} {WORDS[number // 12 % 12]} {CATEGORIES[number % 27].title()} {number // 324}"
        return f"  {name} " if is_twin or company % 17 == 0 else name

    def client_id(self, client: int) -> str:
        """64 hex digits, as the partner hands them over."""
        return hashlib.sha256(f"{self.seed}/client/{client}".encode()).hexdigest()

    def members(self) -> list[Ints]:
        """The companies of each taste cluster."""
        order = np.argsort(self.cluster, kind="stable")
        bounds = np.searchsorted(self.cluster[order], np.arange(self.cluster.max() + 2))
        return [order[low:high] for low, high in pairwise(bounds)]

    def taste(self, client: int) -> Floats:
        """How likely the client's next payment that is neither habit nor chance goes to each company; sums to 1."""
        share = np.zeros(self.n_companies)
        for cluster in self.clusters[client]:
            mine = np.flatnonzero(self.cluster == cluster)
            if len(mine):
                share[mine] += self.popularity[mine] / self.popularity[mine].sum()
        return share / share.sum() if share.any() else share

    def choose(self, draw: np.random.Generator, clients: Ints) -> Ints:
        """A company for each payment of `clients`."""
        how = draw.random(len(clients))
        chosen = self.habits[clients, draw.integers(0, 2, len(clients))]
        everywhere = draw.integers(0, self.n_companies, len(clients))
        by_taste = self._by_taste(draw, self.clusters[clients, draw.integers(0, 2, len(clients))])
        by_taste = np.where(by_taste < 0, everywhere, by_taste)
        chosen = np.where(how > TOP_SHARE, by_taste, chosen)
        return np.where(how > TOP_SHARE + TASTE_SHARE, everywhere, chosen)

    def _by_taste(self, draw: np.random.Generator, clusters: Ints) -> Ints:
        """By popularity within each payment's cluster; -1 where the cluster has no company."""
        chosen = np.full(len(clusters), -1)
        members = self.members()
        order = np.argsort(clusters, kind="stable")
        bounds = np.searchsorted(clusters[order], np.arange(len(members) + 1))
        for cluster, mine in enumerate(members):
            places = order[bounds[cluster] : bounds[cluster + 1]]
            if len(mine) and len(places):
                weights = self.popularity[mine] / self.popularity[mine].sum()
                chosen[places] = draw.choice(mine, len(places), p=weights)
        return chosen
