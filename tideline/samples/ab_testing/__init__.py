"""The event log of a shop that runs many experiments at once."""

from tideline.samples.ab_testing.days import write_day
from tideline.samples.ab_testing.experiments import TRUE_EFFECT

__all__ = ["TRUE_EFFECT", "write_day"]
