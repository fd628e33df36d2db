"""Routes of the vouchers: which one a customer's segment uses most, from one version of gold in memory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import PlainTextResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from apps.api.fields import DAY_PATTERN, Whole
from systems.vouchers.config import COUNTRIES
from systems.vouchers.questions import (
    AfterAsOf,
    NoAnswer,
    NotOfInterest,
    SegmentName,
    Vouchers,
    select_voucher,
)
from utils.snapshots import Snapshot, Snapshots
from utils.times import strict_time

router = APIRouter(tags=["vouchers"])
FORMAT = "%Y-%m-%d %H:%M:%S"
MOST_WRONG = 50
TIME_PATTERN = f"^{DAY_PATTERN} ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"
EXAMPLE: dict[str, Any] = {
    "customer_id": 123, "country_code": "Peru", "last_order_ts": "2023-05-03 00:00:00",
    "first_order_ts": "2021-05-03 00:00:00", "total_orders": 15, "segment_name": "recency_segment",
}  # fmt: skip


def _moment(text: str) -> str:
    try:
        strict_time(text, FORMAT)
    except ValueError:
        raise ValueError("not a time written as YYYY-MM-DD HH:MM:SS") from None
    return text


def _of_interest(text: str) -> str:
    if text not in COUNTRIES:
        raise NotOfInterest
    return text


Moment = Annotated[str, AfterValidator(_moment), Field(json_schema_extra={"pattern": TIME_PATTERN})]


class Customer(BaseModel):
    """Who is asked about. The id stands in no answer, log or table."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    customer_id: Whole = Field(ge=0, lt=2**63, description="The customer; the answer is that of the segment.")
    country_code: Annotated[str, AfterValidator(_of_interest)] = Field(
        description="Name of a country of interest.", json_schema_extra={"enum": list(COUNTRIES)}
    )
    last_order_ts: Moment = Field(description="The last order, UTC, as YYYY-MM-DD HH:MM:SS.")
    first_order_ts: Moment = Field(description="The first order, not after the last one.")
    total_orders: Whole = Field(ge=0, lt=2**31, description="How many orders there were.")
    segment_name: SegmentName = Field(description="By orders, or by days since the last one.")

    @model_validator(mode="after")
    def _is_in_order(self) -> Customer:
        if self.last_order_ts < self.first_order_ts:  # the form is fixed: texts are ordered as times are
            raise ValueError("last_order_ts lies before first_order_ts")
        return self


class Selected(BaseModel):
    voucher_amount: float = Field(description="The amount that was used most, in the country's currency.", examples=[2640.0])
    segment: str = Field(examples=["5-13"])
    uses: int = Field(description="How often it was used in the segment.")
    share: float = Field(description="Its uses per all uses in the segment, above 0 and at most 1.")
    reference: str = Field(description="Until when days were counted for past uses: voucher_time or as_of; none by orders.")
    data_version: str = Field(description="The commit of gold that the answer comes from.")
    as_of: date = Field(description="The day that the answer is as of; the customer's days are counted to it.")


class Problem(BaseModel):
    detail: str


class Wrong(BaseModel):
    loc: list[str | int] = Field(description="`body`, then the field.")
    msg: str
    type: str


class Refused(BaseModel):
    detail: list[Wrong]


@router.get("/check_status", response_class=PlainTextResponse)
async def check_status() -> str:
    """Whether the process answers."""
    return "Active!"


@router.post(
    "/voucher_segment_selector",
    responses={
        404: {"model": Problem, "description": "The question is valid and has no answer: the text says why."},
        415: {"model": Problem, "description": "The body is no JSON."},
        422: {"model": Refused, "description": "A field is missing, wrong or unknown: it is named."},
        503: {"model": Problem, "description": "No vouchers were loaded yet."},
    },
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": Customer.model_json_schema()}}}},
)
async def voucher_segment_selector(request: Request) -> Selected:
    """Which voucher do customers like this one use most?"""
    asked = _customer(await _json(request))
    now = _now(request)
    try:
        found = select_voucher(
            now.value, country=asked.country_code, total_orders=asked.total_orders,
            last_order_at=datetime.strptime(asked.last_order_ts, FORMAT), segment_name=asked.segment_name,
        )  # fmt: skip
    except AfterAsOf as error:
        raise _refused([("last_order_ts", str(error), "value_error")]) from None
    if isinstance(found, NoAnswer):
        raise HTTPException(404, found.reason)
    assert now.value.as_of is not None, "there is an answer"
    return Selected(**vars(found), data_version=now.version, as_of=now.value.as_of)


async def _json(request: Request) -> Any:
    """The body's JSON. Raises 415 for anything else, and 422 for a name that is given twice: either may be meant."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not (media.startswith("application/") and media.endswith("+json")):
        raise HTTPException(415, "send JSON, as application/json")
    try:
        return json.loads(await request.body(), object_pairs_hook=_once, parse_int=_number, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise HTTPException(415, "the body is no JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]
    if twice:
        raise _refused([(name, "given more than once", "duplicate_field") for name in twice])
    return dict(pairs)


def _number(digits: str) -> int | float:
    """Numbers of more digits than any field takes are refused by their size; reading them exactly takes long."""
    return int(digits) if len(digits) <= 30 else float(digits)


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _customer(body: Any) -> Customer:
    try:
        return Customer.model_validate(body)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
    raise _refused([
        (_field(each["loc"], each["type"]), each["msg"].removeprefix("Value error, "), each["type"]) for each in wrong
    ])  # fmt: skip


def _field(loc: Sequence[str | int], kind: str) -> str:
    """The field that is wrong: of two dates in the wrong order the last one's; empty where the whole body is."""
    if loc:
        return str(loc[0])
    return "last_order_ts" if kind == "value_error" else ""


def _refused(wrong: Sequence[tuple[str, str, str]]) -> HTTPException:
    """422, with nothing of the request but names of its fields, which are made plain; of very many the first ones."""
    first = wrong[:MOST_WRONG]
    plain = [(name.encode("ascii", "backslashreplace").decode()[:60], said, kind) for name, said, kind in first]
    return HTTPException(
        422, [{"loc": ["body", name] if name else ["body"], "msg": said, "type": kind} for name, said, kind in plain]
    )


def _now(request: Request) -> Snapshot[Vouchers]:
    snapshots: Snapshots[Vouchers] = request.app.state.vouchers
    if snapshots.current is None:
        raise HTTPException(503, "no vouchers were loaded yet: run the job vouchers", {"Retry-After": "60"})
    return snapshots.current
