"""Who and what exists in a sampled community, and since when: ids and births, from which every document follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

from tideline.samples.draws import moment_between, object_id, rng, scaled

EXPORT_AT = time(6)
YEARS_BEFORE = timedelta(days=3 * 365)


@dataclass(frozen=True)
class Growth:
    """How many there are on day 1, and how many are new and changed on each later day."""

    base: int
    new: int
    changed: int


@dataclass(frozen=True)
class World:
    """A community of a size (`scale` 1: 55,000 users), seen from the day of its first export.

    With `has_seasons` patrons pay more in winter: what monthly exports tell of.
    """

    seed: int
    scale: float
    start: date
    has_seasons: bool = False

    @cached_property
    def growth(self) -> dict[str, Growth]:
        """Sizes per collection; small scales keep enough of each for every kind of dirt."""
        base = {
            "users": scaled(55_000, self.scale, 80), "posts": scaled(240, self.scale, 14),
            "posts_comments": scaled(2_600, self.scale, 60), "votes": scaled(156_500, self.scale, 240),
        }
        return {name: Growth(n, max(2, n // 400), max(6, n // 200)) for name, n in base.items()}

    def exported_at(self, day_index: int) -> datetime:
        """When the export of a day is taken, UTC."""
        return datetime.combine(self.start, EXPORT_AT, tzinfo=UTC) + timedelta(days=day_index - 1)

    def window(self, day_index: int) -> tuple[datetime, datetime]:
        """What happens for the export of a day: the 24 hours before it, less a minute."""
        end = self.exported_at(day_index)
        return end - timedelta(hours=24), end - timedelta(minutes=1)

    @property
    def era(self) -> tuple[datetime, datetime]:
        """When day 1's documents were created: three years, up to four days before the export."""
        end = self.exported_at(1) - timedelta(days=4)
        return end - YEARS_BEFORE, end

    def day_of_birth(self, collection: str, number: int) -> int:
        """The delivery that holds a document first, from 1."""
        growth = self.growth[collection]
        return 1 if number < growth.base else 2 + (number - growth.base) // growth.new

    def new_numbers(self, collection: str, day_index: int) -> range:
        """Numbers of the documents that are new on a day."""
        growth = self.growth[collection]
        if day_index == 1:
            return range(growth.base)
        first = growth.base + (day_index - 2) * growth.new
        return range(first, first + growth.new)

    def changed_numbers(self, collection: str, day_index: int) -> list[int]:
        """Numbers of documents of day 1 that change on a later day, each once."""
        growth = self.growth[collection]
        draw = rng(self.seed, collection, "changed", day_index)
        return sorted(draw.sample(range(growth.base), min(growth.base, growth.changed)))

    @cached_property
    def user_births(self) -> list[datetime]:
        """Creation of day 1's users; the community grows faster over time."""
        first, last = self.era
        births = []
        for number in range(self.growth["users"].base):
            draw = rng(self.seed, "user birth", number)
            at = first + (last - first - timedelta(minutes=1)) * draw.random() ** 0.7
            births.append(at.replace(microsecond=draw.randrange(500) * 1000))
        return births

    def user_id(self, number: int) -> str:
        """Id of one of day 1's users."""
        return object_id(self.seed, "users", number, self.user_births[number])

    @cached_property
    def user_ids(self) -> list[str]:
        return [self.user_id(number) for number in range(len(self.user_births))]

    @cached_property
    def post_births(self) -> list[datetime]:
        """Creation of day 1's posts, at a steady pace."""
        first, last = self.era
        n = self.growth["posts"].base
        draw = rng(self.seed, "post births")
        return [moment_between(draw, first + (last - first) * i / n, first + (last - first) * (i + 1) / n) for i in range(n)]

    @cached_property
    def post_ids(self) -> list[str]:
        return [object_id(self.seed, "posts", number, at) for number, at in enumerate(self.post_births)]

    @cached_property
    def popular_posts(self) -> list[int]:
        """Numbers of day 1's posts, the most popular first; later ones tend to be, as the community grows."""
        n = self.growth["posts"].base
        draw = rng(self.seed, "popularity")
        popularity = [draw.random() * (0.3 + number / n) for number in range(n)]
        return sorted(range(n), key=popularity.__getitem__, reverse=True)

    @cached_property
    def popular_polls(self) -> list[int]:
        """Those of them that are polls: every other post is one."""
        return [number for number in self.popular_posts if number % 2 == 1]


def iso(moment: datetime) -> str:
    """As extended JSON writes it: UTC with milliseconds and Z."""
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def dated(moment: datetime) -> dict[str, str]:
    return {"$date": iso(moment)}
