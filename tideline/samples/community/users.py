"""Users: a standing that follows from pledges and monthly charges, so that an export of any moment can be made."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tideline.samples.community.seasons import times
from tideline.samples.community.world import World, dated
from tideline.samples.draws import moment_between, object_id, rng, weighted

LEADING = {"US": 20, "TR": 9, "TW": 8, "BR": 7, "HK": 6, "TH": 5}
OTHERS = ("DE", "FR", "GB", "JP", "KR", "MX", "ES", "IT", "PL", "ID",
          "PH", "VN", "CA", "AU", "AR", "CL", "NL", "SE", "UA", "MY")
COUNTRIES = {**LEADING, **dict.fromkeys(OTHERS, 1.2)}
LANGUAGES = ("en", "es", "tr", "zh", "pt", "th", "de", "fr", "ja", "ko", "it", "pl", "id", "vi", "ru")
ZONES = (("America/New_York", "-04:00", True), ("Europe/Istanbul", "+03:00", False), ("Asia/Taipei", "+08:00", False),
         ("America/Sao_Paulo", "-03:00", False), ("Asia/Bangkok", "+07:00", False), ("Europe/Berlin", "+02:00", True))
TIERS = {100: 30, 300: 25, 500: 22, 1000: 12, 2500: 6, 5000: 3, 10000: 1.5, 50000: 0.2}


def user(world: World, number: int, at: datetime) -> dict[str, Any]:
    """The user as an export at `at` shows it; `updated_at` moves with every change of what is shown."""
    draw = rng(world.seed, "user", number)
    created = _birth(world, number)
    document: dict[str, Any] = {"_id": {"$oid": object_id(world.seed, "users", number, created)}, "created_at": dated(created)}
    profile = _profile(draw)
    has_status = draw.random() >= 0.05 and number % 40 != 7
    status, changed = _status(world, number, draw, created, at)
    if number == 2:  # an exporter of old writes milliseconds instead of text
        document["created_at"] = {"$date": {"$numberLong": str(int(created.timestamp() * 1000))}}
    if number % 97 != 5:  # some were never given `updated_at`
        document["updated_at"] = dated(changed if has_status else created)
    document |= profile
    if has_status and number % 97 != 5:
        document["patreon_status"] = status
    document["timezone"] = dict(zip(("name", "offset", "is_dst"), draw.choice(ZONES), strict=True))
    return document


def changed_user(world: World, number: int, moment: datetime, label: object) -> dict[str, Any]:
    """The user after a change at `moment`: a new language, and a charge where there is a standing."""
    draw = rng(world.seed, "user changed", number, label)
    document = user(world, number, moment) | {"language": draw.choice(LANGUAGES)}
    document["updated_at"] = dated(moment)
    status = document.get("patreon_status")
    if status and status["is_patron"]:
        tip = 100 * draw.randint(1, 20)
        for name in ("campaign_lifetime_support_cents", "lifetime_support_cents"):
            status[name] += tip
        status |= {"last_charge_date": dated(moment), "updated_at": dated(moment)}
    return document


def _birth(world: World, number: int) -> datetime:
    if number < len(world.user_births):
        return world.user_births[number]
    return moment_between(rng(world.seed, "user birth", number), *world.window(world.day_of_birth("users", number)))


def _profile(draw: random.Random) -> dict[str, Any]:
    kind = draw.random()
    language = draw.choice(LANGUAGES)
    if kind < 0.31:
        return {"country": None, "language": language} if kind < 0.2 else {"language": language}
    if kind < 0.34:
        return {"country": "UNK", "language": language}
    return {"country": weighted(draw, list(COUNTRIES), list(COUNTRIES.values())), "language": language}


def _status(
    world: World, number: int, draw: random.Random, created: datetime, at: datetime
) -> tuple[dict[str, Any], datetime]:
    """The standing at `at`, and when it changed last; amounts are cents of USD."""
    is_ever, amount = draw.random() < 0.119, weighted(draw, list(TIERS), list(TIERS.values()))
    pledged = created + timedelta(days=draw.expovariate(1 / 20), milliseconds=1)
    ended = pledged + timedelta(days=draw.expovariate(1 / 2500))
    pledged, ended = (moment.replace(microsecond=0) + timedelta(seconds=1) for moment in (pledged, ended))
    elsewhere = int(draw.paretovariate(1.2) * 500) if draw.random() < 0.02 else 0
    is_follower, is_trial = draw.random() < 0.35, draw.random() < 0.02
    has_pledged = is_ever and pledged <= at
    is_patron = has_pledged and at < ended
    charges = _charges(pledged, min(at, ended)) if has_pledged else []
    paid = [amount * (times(world.seed, number, moment) if world.has_seasons else 1) for moment in charges]
    support, entitled = sum(paid), paid[-1] if is_patron else 0
    moments = [created, *charges, *([ended] if has_pledged and not is_patron else [])]
    status = {
        "is_patron": is_patron, "is_follower": is_follower or is_patron, "is_free_trial": is_trial and not is_patron,
        "campaign_lifetime_support_cents": support, "lifetime_support_cents": support + elsewhere,
        "currently_entitled_amount_cents": entitled, "will_pay_amount_cents": entitled,
        "last_charge_date": dated(charges[-1]) if charges else None, "last_charge_status": "Paid" if charges else None,
        "pledge_relationship_start": dated(pledged) if has_pledged else None, "updated_at": dated(max(moments)),
    }
    return status, max(moments)


def _charges(first: datetime, last: datetime) -> list[datetime]:
    """The day of the pledge, then the first of every month at 07:00 UTC."""
    charges, year, month = [first], first.year, first.month
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        due = datetime(year, month, 1, 7, tzinfo=UTC)
        if due > last:
            return charges
        charges.append(due)
