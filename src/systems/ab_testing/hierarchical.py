"""One model of all experiments of a period: a variant with few users borrows from its siblings, those from all others.

On the scale of log-odds, variant `v` of experiment `e` converts at `effect[e] + deviation[v]`, where effects are
Normal(mean, between) and deviations Normal(0, within); `mean`, `between` and `within` are learned with the rest. Buyers
are binomial. Without pooling every rate has a uniform prior of its own, which is the exact posterior of `posteriors.py`.

An effect shows through its variants only, so it is integrated out: of each experiment the variant with most participants
comes first, and each further one is drawn around what those before it say of their common effect. That is the same
distribution, without the ridge that effect and deviation form together, on which a sampler gets stuck.

What it does not know: the same users meet many experiments. `between` is for borrowing, not for statements about a shop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pandas as pd
from numpyro import distributions as dist
from numpyro.infer import MCMC, NUTS

from systems.ab_testing.config import LATER_PURCHASE, SAME_ITEM
from systems.ab_testing.fitted import Fitted, in_one_order

# Priors, in log-odds: the average experiment (1 % to 60 % of users buy), how far experiments lie from it, and how far
# variants lie from their experiment: a variant that changes the odds by more than a half is rare.
MEAN, BETWEEN, WITHIN = (-2.5, 1.5), 1.5, 0.3
POPULATION = ("mean", "between", "within")
RULES = (LATER_PURCHASE, SAME_ITEM)


@dataclass(frozen=True)
class Sampling:
    """How the posterior is drawn; the same data and the same values give the same draws."""

    seed: int = 1
    n_chains: int = 4
    n_warmup: int = 600
    n_draws: int = 2_000
    target_accept: float = 0.98  # small steps: few experiments leave `within` open towards zero, where larger ones diverge


@dataclass(frozen=True)
class Layout:
    """Variants as the model takes them: the first of every experiment, then the second ones, and so on.

    `order` are places in the given rows; `siblings` has, per further rank, a row per variant with a 1 at its experiment.
    """

    order: np.ndarray[Any, np.dtype[np.int64]]
    siblings: tuple[np.ndarray[Any, np.dtype[np.float64]], ...]

    @classmethod
    def of(cls, variants: pd.DataFrame) -> Layout:
        """Within an experiment, variants with more participants come first."""
        codes, names = pd.factorize(variants["experiment"], sort=True)
        ranks = (-variants["n_participants"]).groupby(codes).rank(method="first").to_numpy().astype(int) - 1
        order = np.lexsort((codes, ranks))
        further = [codes[order][ranks[order] == rank] for rank in range(1, int(ranks.max()) + 1)]
        return cls(order, tuple(np.eye(len(names))[own] for own in further))


def fit_rules(counts: pd.DataFrame, sampling: Sampling) -> list[Fitted]:
    """A pooled fit per rule of attribution, from rows of `gold.variant_results` of one period; compiled once."""
    return [fit(counts[counts["attribution"] == rule], sampling) for rule in RULES]


def fit(counts: pd.DataFrame, sampling: Sampling, *, pooling: bool = True) -> Fitted:
    """Draw the variants' rates given their counts in one period by one rule; the order of the rows plays no part.

    Raises SettingsError where nobody took part, or rows of several periods or rules are given.
    """
    variants = in_one_order(counts)
    layout = Layout.of(variants)
    started = perf_counter()
    with jax.enable_x64(True):  # within the block alone: other code of the process keeps its precision
        draw = _compiled(replace(sampling, seed=0), pooling)
        given = [jnp.asarray(variants[name].to_numpy(dtype=float)[layout.order]) for name in ("n_participants", "n_buyers")]
        samples, is_divergent = draw(jax.random.key(sampling.seed), *given, layout.siblings)
        draws = {name: np.asarray(values) for name, values in samples.items()}
    rates = np.empty_like(draws["rate"])
    rates[..., layout.order] = draws["rate"]
    day, attribution = (str(counts[name].iloc[0]) for name in ("day", "attribution"))
    population = {name: draws[name] for name in POPULATION if name in draws}
    return Fitted(day, attribution, variants, rates, population, int(np.sum(is_divergent)), perf_counter() - started)


@lru_cache(maxsize=4)
def _compiled(sampling: Sampling, pooling: bool) -> Callable[..., tuple[dict[str, jax.Array], jax.Array]]:
    """From a key and counts to draws by name and which of them diverge; counts of a shape are compiled once.

    Chains run as one vector: several devices would have to be asked for before anything else in the process uses JAX.
    """
    model: Callable[..., None] = pooled if pooling else separate

    @jax.jit
    def draw(key: jax.Array, *counts: Any) -> tuple[dict[str, jax.Array], jax.Array]:
        sampler = MCMC(
            NUTS(model, target_accept_prob=sampling.target_accept), num_warmup=sampling.n_warmup,
            num_samples=sampling.n_draws, num_chains=sampling.n_chains, chain_method="vectorized", progress_bar=False,
        )  # fmt: skip
        sampler.run(key, *counts, extra_fields=("diverging",))
        return sampler.get_samples(group_by_chain=True), sampler.get_extra_fields()["diverging"]

    return draw


def separate(participants: jax.Array, buyers: jax.Array, siblings: Sequence[jax.Array]) -> None:
    """Every rate by itself; `siblings` play no part."""
    with numpyro.plate("variant", len(participants)):
        rate = numpyro.sample("rate", dist.Beta(1.0, 1.0))
        numpyro.sample("buyers", dist.Binomial(participants, probs=rate), obs=buyers)


def pooled(participants: jax.Array, buyers: jax.Array, siblings: Sequence[jax.Array]) -> None:
    """All rates together; variants stand as in `Layout`."""
    mean = numpyro.sample("mean", dist.Normal(*MEAN))
    between = numpyro.sample("between", dist.HalfNormal(BETWEEN))
    within = numpyro.sample("within", dist.HalfNormal(WITHIN))
    n_further = sum(len(rank) for rank in siblings)
    with numpyro.plate("experiment", len(participants) - n_further):
        first = numpyro.sample("first", dist.Normal(mean, jnp.sqrt(between**2 + within**2)))
    noise = numpyro.sample("noise", dist.Normal(0.0, 1.0).expand([n_further]).to_event(1))
    log_odds = jnp.concatenate([first, *_further(first, noise, siblings, mean, between, within)])
    numpyro.deterministic("rate", jax.nn.sigmoid(log_odds))
    with numpyro.plate("variant", len(participants)):
        numpyro.sample("buyers", dist.Binomial(participants, logits=log_odds), obs=buyers)


def _further(
    first: jax.Array, noise: jax.Array, siblings: Sequence[jax.Array], mean: jax.Array, between: jax.Array, within: jax.Array
) -> list[jax.Array]:
    """Log-odds of the second variants, the third ones, ...: each given its `n` siblings before it.

    Those tell the common effect with variance between² within² / (within² + n between²), around mean + between² (sum of
    their distances from the mean) / (within² + n between²). Products with matrices of ones: on a processor they are much
    faster than picking rows.
    """
    found, distances, start = [], first - mean, 0
    for n, own in enumerate(siblings, start=1):
        share = between**2 / (within**2 + n * between**2)
        spread = within * jnp.sqrt(1.0 + share)
        here = share * (own @ distances) + spread * noise[start : start + len(own)]
        found.append(mean + here)
        distances, start = distances + own.T @ here, start + len(own)
    return found
