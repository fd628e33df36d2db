"""The table of contents of payments."""

from __future__ import annotations

from collections.abc import Mapping

from engine.person import Mentions, Person
from engine.system import System
from systems.payments import bronze, gold, silver
from systems.payments.config import ZONE
from utils.settings import Settings


def _artefacts(settings: Settings, pseudonym: str) -> Mapping[str, int]:
    from systems.payments.forgetting import (
        without_client,  # with the model's libraries, which tables do not need
    )

    return without_client(settings, pseudonym)


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
    person=Person(
        noun="client", looks_like="[0-9a-f]{64}", sources={"payments": Mentions("external_client_id")}, artefacts=_artefacts
    ),
)
