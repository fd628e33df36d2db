"""The second opinion: what the tables must say, reckoned from the source files alone with plain JSON and DuckDB."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Document = dict[str, Any]


def collection_of(file: Path) -> str:
    return re.sub(r"-\d{4}-.*", "", file.name)


def records(file: Path) -> Iterator[Document | str]:
    """Documents of an export in file order; text for what is none: a line of garbage, a document that breaks off."""
    text = file.read_text(encoding="utf-8")
    lines = text.split("\n")
    if not lines[0].startswith("["):
        yield from (_parsed(line) for line in lines if line.strip())
        return
    pending: list[str] = []
    for line in lines:
        if pending or line == "  {":
            pending.append(line)
            if line in ("  }", "  },"):
                yield _parsed("\n".join(pending).rstrip(","))
                pending = []
        elif line.strip(" ,[]"):
            yield line
    if pending:
        yield "\n".join(pending)


def _parsed(text: str) -> Document | str:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text


def moment(value: Any) -> datetime | None:
    """A date of extended JSON, UTC."""
    if value is None:
        return None
    date = value["$date"]
    if isinstance(date, dict):
        return datetime.fromtimestamp(int(date["$numberLong"]) / 1000, UTC)
    return datetime.fromisoformat(date.replace("Z", "+00:00"))


def sequence(document: Document) -> datetime:
    """What orders versions: `updated_at`, else `created_at`."""
    found = moment(document.get("updated_at")) or moment(document["created_at"])
    assert found is not None
    return found


@dataclass
class Terms:
    """Where the records of one batch went."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    stale: int = 0
    duplicate: int = 0
    quarantined: int = 0


@dataclass
class Community:
    """The state of all collections after the deliveries that were taken in."""

    latest: dict[str, dict[str, Document]] = field(default_factory=dict)
    contents: set[str] = field(default_factory=set)

    def take_in(self, files: Iterable[Path]) -> dict[str, Terms]:
        """Apply one delivery; collection -> where its records went."""
        batches: dict[str, list[Document | str]] = {}
        for file in sorted(files):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            found = batches.setdefault(collection_of(file), [])
            if digest not in self.contents:
                self.contents.add(digest)
                found.extend(records(file))
        return {collection: self._apply(collection, batch) for collection, batch in batches.items()}

    def _apply(self, collection: str, batch: list[Document | str]) -> Terms:
        stored = self.latest.setdefault(collection, {})
        good = [record for record in batch if isinstance(record, dict)]
        winners: dict[str, Document] = {}
        for document in good:
            key = document["_id"]["$oid"]
            if key not in winners or sequence(document) > sequence(winners[key]):
                winners[key] = document
        terms = Terms(read=len(batch), quarantined=len(batch) - len(good), duplicate=len(good) - len(winners))
        for key, document in winners.items():
            if key not in stored:
                terms.inserted += 1
            elif sequence(document) > sequence(stored[key]):
                terms.updated += 1
            else:
                terms.stale += 1
                continue
            stored[key] = document
        return terms

    def totals(self) -> dict[str, Any]:
        """The sums that source and silver must agree on."""
        votes, comments = self.latest["votes"].values(), self.latest["posts_comments"].values()
        chosen = [choice for vote in votes for choice in vote["votes"]]
        users, posts = self.latest["users"].values(), self.latest["posts"].values()
        return {
            "chosen options": len(chosen), "weights": sum(choice["weight"] for choice in chosen),
            "comments": len(comments), "body length": sum(len(comment["body"]) for comment in comments),
            "users": len(users),
            "support cents": sum(user.get("patreon_status", {}).get("lifetime_support_cents", 0) for user in users),
            "posts": len(posts), "polls with multiple votes": sum(bool(post.get("multiple_votes")) for post in posts),
        }


def csv_rows(file: Path) -> list[list[str]]:
    """Data lines of a CSV file, split into fields."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))[1:]
