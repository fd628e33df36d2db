"""Gold of the A/B tests, one file per table."""

from systems.ab_testing.gold.experiment_funnel import EXPERIMENT_FUNNEL
from systems.ab_testing.gold.experiment_posteriors import EXPERIMENT_POSTERIORS
from systems.ab_testing.gold.experiment_results import EXPERIMENT_RESULTS
from systems.ab_testing.gold.variant_results import VARIANT_RESULTS

__all__ = ["EXPERIMENT_FUNNEL", "EXPERIMENT_POSTERIORS", "EXPERIMENT_RESULTS", "VARIANT_RESULTS"]
