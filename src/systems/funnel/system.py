"""The table of contents of the funnel."""

from __future__ import annotations

from engine.person import Mentions, Person
from engine.system import System
from systems.funnel import bronze, found, gold, silver

SYSTEM = System(
    name="funnel",
    question="Where do people drop out, and when did that change?",
    time_zone="UTC",
    sources=bronze.SOURCES,
    tables=[
        *bronze.USERS.values(),
        *bronze.VISITS.values(),
        silver.DIM_USER,
        silver.DIM_DATE,
        silver.FCT_STEP_VISIT,
        gold.FUNNEL_STEPS,
        found.FUNNEL_BREAKS,
    ],
    person=Person(noun="user", sources={source.name: Mentions("user_id") for source in bronze.SOURCES}),
)
