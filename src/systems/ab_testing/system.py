"""The table of contents of the A/B tests."""

from __future__ import annotations

from engine.person import Mentions, Person
from engine.sources.spec import Files
from engine.spec import Column
from engine.system import System
from systems.ab_testing import bronze, gold, silver
from systems.ab_testing.config import LOCAL_ZONE

SYSTEM = System(
    name="ab_testing",
    question="Which variant won, and how sure are we?",
    time_zone=LOCAL_ZONE,
    sources=[
        Files(
            "events",
            format="csv",
            folder="events",
            pattern="*.csv*",
            grain="one row per delivered line",
            columns=[
                Column("event_name", "string", "As delivered."),
                Column("item_id", "string", "As delivered; empty for SEARCH."),
                Column("timestamp", "string", "Local time with offset, as delivered."),
                Column("site", "string", "As delivered."),
                Column("experiments", "string", "Text map of experiments and variants, as delivered."),
                Column("user_id", "string", "As delivered.", personal=True),
            ],
        ),
    ],
    tables=[
        bronze.EVENTS,
        silver.EXPOSURES,
        silver.PURCHASES,
        silver.USER_STEPS,
        gold.VARIANT_RESULTS,
        gold.EXPERIMENT_RESULTS,
        gold.EXPERIMENT_FUNNEL,
        gold.EXPERIMENT_POSTERIORS,
    ],
    person=Person(noun="user", sources={"events": Mentions("user_id")}),
)
