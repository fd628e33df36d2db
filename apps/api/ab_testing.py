"""Routes of the A/B tests: results, counts per variant, funnels, all from one version of gold in memory."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from apps.api.fields import DAY_PATTERN
from systems.ab_testing.config import LATER_PURCHASE
from systems.ab_testing.questions import BadPeriod, Experiments, Unknown, period_of
from utils.snapshots import Snapshot, Snapshots

router = APIRouter(tags=["ab_testing"])
Name = Annotated[
    str,
    InPath(
        description="Name of an experiment. Slashes as they are, percent-encoded, or written as `|`.",
        examples=["searchbackend/contextual-ads", "searchbackend|contextual-ads"],
    ),
]
PERIOD_PATTERN = f"^({DAY_PATTERN}( ([01][0-9]|2[0-3]))?|whole)$"
Day = Annotated[
    str,
    Query(
        description="Local (-04:00) day YYYY-MM-DD, hour YYYY-MM-DD HH, or `whole`.", examples=["2021-08-01"],
        json_schema_extra={"pattern": PERIOD_PATTERN},
    ),
]  # fmt: skip
Rule = Annotated[Literal["later_purchase", "same_item"], Query(description="Which purchases count for an exposure.")]
UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such experiment, or it has no data in the period: the text says which."},
    503: {"description": "No results were loaded yet."},
}


class Versioned(BaseModel):
    data_version: str = Field(description="The commits of gold that the whole answer comes from.")
    as_of: str | None = Field(description="The newest local day in them.")


class Counts(BaseModel):
    id: str = Field(description="The variant, as text.")
    number_of_participants: int
    number_of_buyers: int
    number_of_purchases: int
    conversion_rate: float
    conversion_low: float = Field(description="Lower end of the rate's 95 % interval.")
    conversion_high: float


class Variant(Counts):
    probability_best: float | None = Field(description="That the true rate is the highest; null without clean participants.")
    expected_loss: float | None = Field(description="What choosing it costs on average, in buyers per participant.")
    difference: float | None = Field(description="Its rate minus the control's; null for the control.")
    difference_low: float | None
    difference_high: float | None


class Result(BaseModel):
    exp_name: str = Field(description="As it was asked for.")
    day: str
    attribution: str
    attribution_window_hours: int
    number_of_participants: int = Field(description="Users who met one variant only.")
    number_of_contaminated: int = Field(description="Users who met several variants: left out of everything else.")
    winner: str | None = Field(description="Null without evidence that a variant won.")
    leader: str | None = Field(description="The highest conversion rate, proved or not; null where it is shared.")
    verdict: str
    control: str | None
    method: str | None
    p_value: float | None
    adjusted_p_value: float | None = Field(description="Benjamini and Hochberg, over all experiments of the period.")
    sample_ratio_p_value: float | None
    variants: list[Variant]


class Results(Versioned):
    results: Result


class Variants(Versioned):
    exp_name: str
    day: str
    attribution: str
    variants: list[Counts]


class Step(BaseModel):
    step: str
    number_of_users: int
    share: float = Field(description="Of the participants.")


class Funnel(BaseModel):
    id: str
    number_of_participants: int
    steps: list[Step] = Field(description="Six, in their order.")


class Funnels(Versioned):
    exp_name: str
    day: str
    attribution: str = Field(description="Rule by which the purchases of the last step count.")
    variants: list[Funnel]


class Known(Versioned):
    experiments: list[str]


@router.get("/experiments", responses={503: UNKNOWN[503]})
async def experiments(request: Request) -> Known:
    """All experiments, by name."""
    now = _now(request)
    return Known(experiments=now.value.names, **_version(now))


@router.get("/experiment/{experiment:path}/result", responses=UNKNOWN)
async def result(request: Request, experiment: Name, day: Day, attribution: Rule = LATER_PURCHASE) -> Results:  # type: ignore[assignment]  # one of the two, as a plain text
    """Which variant won, and how sure that is."""
    now = _now(request)
    row = _asked(lambda: now.value.result(experiment, period_of(day), attribution))
    told = {name: row[name] for name in Result.model_fields if name in row and name != "variants"}
    told |= {"day": day, "attribution": attribution}
    found = Result(
        exp_name=experiment, number_of_participants=row["n_participants"], number_of_contaminated=row["n_contaminated"],
        variants=[Variant(**_counts(each), **{name: each[name] for name in _COMPARED}) for each in row["variants"]], **told,
    )  # fmt: skip
    return Results(results=found, **_version(now))


@router.get("/experiment/{experiment:path}/variants", responses=UNKNOWN)
async def variants(request: Request, experiment: Name, day: Day, attribution: Rule = LATER_PURCHASE) -> Variants:  # type: ignore[assignment]  # one of the two, as a plain text
    """Participants, buyers and purchases of every variant."""
    now = _now(request)
    row = _asked(lambda: now.value.result(experiment, period_of(day), attribution))
    counted = [Counts(**_counts(each)) for each in row["variants"]]
    return Variants(exp_name=experiment, day=day, attribution=attribution, variants=counted, **_version(now))


@router.get("/experiment/{experiment:path}/funnel", responses=UNKNOWN)
async def funnel(
    request: Request, experiment: Name, day: Day,
    variant: Annotated[str | None, Query(description="Empty: all.", examples=["DEFAULT"])] = None,
) -> Funnels:  # fmt: skip
    """How far participants went: six steps in order, followed from the first exposure onward."""
    now = _now(request)
    rows = _asked(lambda: now.value.funnel(experiment, period_of(day), variant))
    found: dict[str, Funnel] = {}
    for row in rows:
        one = found.setdefault(row["variant"], Funnel(id=row["variant"], number_of_participants=row["n_participants"], steps=[]))
        one.steps.append(Step(step=row["step"], number_of_users=row["n_users"], share=row["share"]))
    return Funnels(
        exp_name=experiment, day=day, attribution=LATER_PURCHASE, variants=list(found.values()), **_version(now)
    )


_COMPARED = tuple(name for name in Variant.model_fields if name not in Counts.model_fields)


def _counts(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["variant"], "number_of_participants": row["n_participants"], "number_of_buyers": row["n_buyers"],
        "number_of_purchases": row["n_purchases"], "conversion_rate": row["conversion_rate"],
        "conversion_low": row["conversion_low"], "conversion_high": row["conversion_high"],
    }  # fmt: skip


def _now(request: Request) -> Snapshot[Experiments]:
    snapshots: Snapshots[Experiments] = request.app.state.experiments
    if snapshots.current is None:
        raise HTTPException(503, "no results were loaded yet: run the job ab_testing", {"Retry-After": "60"})
    return snapshots.current


def _version(now: Snapshot[Experiments]) -> dict[str, Any]:
    return {"data_version": now.version, "as_of": now.value.as_of}


def _asked(question: Any) -> Any:
    """The answer, or its 404 or 422."""
    try:
        return question()
    except BadPeriod as error:
        raise RequestValidationError([{"type": "day", "loc": ("query", "day"), "msg": str(error), "input": None}]) from None
    except Unknown as error:
        raise HTTPException(404, str(error)) from None
