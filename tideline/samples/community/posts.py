"""Posts and polls with their translations, and the ways in which translations go wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tideline.samples.community.users import LANGUAGES
from tideline.samples.community.words import option, sentence, title
from tideline.samples.community.world import World, dated
from tideline.samples.draws import moment_between, object_id, rng

WITHOUT_ENGLISH, LONE_OPTION = 4, 3


def n_options(world: World, number: int) -> int:
    """How many options a poll has; one poll in sixteen has a single one."""
    return 1 if number % 32 == LONE_OPTION else rng(world.seed, "options", number).randint(2, 8)


def has_multiple_votes(number: int) -> bool:
    """Whether several options may be chosen: about four polls in ten."""
    return number % 5 in (1, 3)


def post(world: World, number: int, at: datetime | None = None, label: object = "") -> dict[str, Any]:
    """A post as delivered first, or as changed at `at`."""
    created = _birth(world, number)
    is_poll = number % 2 == 1
    document: dict[str, Any] = {
        "_id": {"$oid": object_id(world.seed, "posts", number, created)}, "type": "poll" if is_poll else "post",
        "status": "published" if number % 9 else "draft",
    }
    if is_poll or number % 4 == 0:
        document["multiple_votes"] = is_poll and has_multiple_votes(number)
    document["created_at"] = dated(created)
    if at or number % 11 != 10:
        document["updated_at"] = dated(at or created)
    languages = [code for code in LANGUAGES if not (code == "en" and number % 12 == WITHOUT_ENGLISH)]
    document["translations"] = [_translation(world, number, code, created, at, label) for code in languages]
    return document


def _birth(world: World, number: int) -> datetime:
    if number < len(world.post_births):
        return world.post_births[number]
    return moment_between(rng(world.seed, "post birth", number), *world.window(world.day_of_birth("posts", number)))


def _translation(world: World, number: int, code: str, created: datetime, at: datetime | None, label: object) -> dict[str, Any]:
    place = LANGUAGES.index(code)
    draw = rng(world.seed, "translation", number, code, label)
    written = created + timedelta(minutes=place)
    translation: dict[str, Any] = {
        "language": code, "title": title(draw, code),
        "description": "" if (number + place) % 17 == 9 else sentence(draw, code, 24),
    }
    if number % 2 == 1 and (number + place) % 23 != 11:
        fixed = rng(world.seed, "option texts", number, code)
        translation["options"] = [option(fixed, code, index) for index in range(n_options(world, number))]
    translation["created_at"] = dated(written)
    edited = at or written + timedelta(hours=1)
    if (number + place) % 19 == 2:
        translation["update_at"] = dated(edited)
    else:
        translation["updated_at"] = dated(edited)
        if (number + place) % 19 == 3:
            translation["update_at"] = dated(edited + timedelta(minutes=5))
    return translation
