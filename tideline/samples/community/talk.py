"""Comments and votes: heavy-tailed over users and posts, some of them about posts that nobody has."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from tideline.samples.community.labels import LANGUAGE_WEIGHTS
from tideline.samples.community.posts import has_multiple_votes, n_options
from tideline.samples.community.remarks import remark
from tideline.samples.community.users import LANGUAGES
from tideline.samples.community.world import World, dated
from tideline.samples.draws import heavy_tailed, moment_between, object_id, rng, weighted

WEIGHTS = {1: 82, 20: 8, 4: 2, 7: 1.5, 10: 2, 60: 1.5, 130: 1, 210: 0.8, 300: 0.7, 400: 0.5}
_WEIGHT_VALUES, _WEIGHT_ODDS = list(WEIGHTS), list(WEIGHTS.values())
NOWHERE = "00000000dead0000000000"


def posted_comment(world: World, number: int, at: datetime | None = None, label: object = "") -> dict[str, Any]:
    """A comment as written, or as edited at `at`. Some are posted twice: the number before, with another id."""
    is_repeat = number % 50 == 21 and number > 0 and world.day_of_birth("posts_comments", number) == 1
    draw = rng(world.seed, "comment", number - 1 if is_repeat else number)
    subject = world.popular_posts[heavy_tailed(draw, len(world.popular_posts), 2)]
    created = _moment(world, draw, "posts_comments", number, world.post_births[subject])
    if is_repeat:
        created += timedelta(seconds=4)
    document: dict[str, Any] = {
        "_id": {"$oid": object_id(world.seed, "posts_comments", number, created)},
        "user_id": {"$oid": world.user_ids[heavy_tailed(draw, len(world.user_ids))]},
        "post_id": {"$oid": f"{NOWHERE}{number % 100:02d}" if number % 53 == 30 else world.post_ids[subject]},
        "body": remark(draw, weighted(draw, LANGUAGES, LANGUAGE_WEIGHTS)).body,
        "created_at": dated(created),
    }
    if at:
        document["body"] += " " + remark(rng(world.seed, "edit", number, label), "en").body
    if at or number % 41 != 12:
        document["updated_at"] = dated(at or created)
    return document


def cast_vote(world: World, number: int, at: datetime | None = None, label: object = "") -> dict[str, Any]:
    """A vote as cast, or as changed at `at`: other options, fewer, or none (withdrawn)."""
    draw = rng(world.seed, "vote", number)
    poll = world.popular_polls[heavy_tailed(draw, len(world.popular_polls), 2)]
    created = _moment(world, draw, "votes", number, world.post_births[poll])
    document: dict[str, Any] = {
        "_id": {"$oid": object_id(world.seed, "votes", number, created)},
        "user_id": {"$oid": world.user_ids[heavy_tailed(draw, len(world.user_ids))]},
        "post_id": {"$oid": f"{NOWHERE}{number % 100:02d}" if number % 211 == 100 else world.post_ids[poll]},
        "votes": _choices(draw if at is None else rng(world.seed, "vote again", number, label), world, poll, number),
        "created_at": dated(created),
    }
    if at or number % 83 != 40:
        document["updated_at"] = dated(at or created)
    return document


def _choices(draw: random.Random, world: World, poll: int, number: int) -> list[dict[str, int]]:
    if draw.random() < 0.01 or number % 120 == 60:
        return []
    n = n_options(world, poll)
    most = min(n, 4) if has_multiple_votes(poll) else 1
    indexes = sorted(draw.sample(range(n), draw.randint(1, most)))
    return [{"index": index, "weight": draw.choices(_WEIGHT_VALUES, _WEIGHT_ODDS)[0]} for index in indexes]


def _moment(world: World, draw: random.Random, collection: str, number: int, after: datetime) -> datetime:
    """Mostly within days of the post; a document that is new on a later day is of that day."""
    day_index = world.day_of_birth(collection, number)
    if day_index > 1:
        return moment_between(draw, *world.window(day_index))
    last = world.era[1]
    return moment_between(draw, after, min(last, after + timedelta(days=draw.expovariate(1 / 6), minutes=5)))
