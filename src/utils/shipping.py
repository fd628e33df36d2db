"""Functions for Spark's Python workers, which do not see the repository: sent by their code, not by their name."""

from __future__ import annotations

from types import ModuleType

from pyspark import cloudpickle


def by_value(*modules: ModuleType) -> None:
    """From now on functions and classes of these modules travel whole. They may import one another and installed packages."""
    for module in modules:
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]  # cloudpickle is not annotated
