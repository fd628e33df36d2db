"""How users are meant to be dealt to the variants of an experiment, and which variant they were dealt to otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from systems.ab_testing.config import SHARES


def are_configured(experiment: str) -> bool:
    """Whether somebody said how users are meant to be dealt; where nobody did, equal shares are assumed."""
    return experiment in SHARES


def shares_of(experiment: str, variants: Sequence[str]) -> list[float]:
    """Weights of the variants, in their order; those that nothing is said about weigh 1."""
    return [SHARES.get(experiment, {}).get(each, 1.0) for each in variants]


def odd_one_out(experiment: str, participants: Mapping[str, int]) -> str:
    """The variant that adds most to the statistic of the sample-ratio check; the first of equals."""
    shares = dict(zip(participants, shares_of(experiment, list(participants)), strict=True))
    users, weights = sum(participants.values()), sum(shares.values())
    expected = {each: users * share / weights for each, share in shares.items()}
    return max(participants, key=lambda each: (participants[each] - expected[each]) ** 2 / expected[each])
