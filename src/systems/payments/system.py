"""The table of contents of payments."""

from __future__ import annotations

from engine.system import System
from systems.payments import bronze, gold, silver
from systems.payments.config import ZONE

SYSTEM = System(
    name="payments",
    question="Which company does a client want to pay next?",
    time_zone=ZONE,
    sources=[bronze.PAYMENTS_SOURCE, bronze.COMPANIES_SOURCE],
    tables=[
        bronze.PAYMENTS,
        bronze.PAYMENTS_HISTORY,
        bronze.COMPANIES,
        bronze.COMPANIES_HISTORY,
        silver.CLIENT_COMPANY,
        silver.COMPANY_FEATURES,
        gold.COMPANY_SIMILARITY,
        gold.POPULAR_COMPANIES,
        gold.RECOMMENDATIONS,
    ],
)
