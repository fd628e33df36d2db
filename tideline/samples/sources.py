"""The sources that run: a PostgreSQL per system, and the payments API over its one.

Started when they are needed, ended by `stop`. How to reach them is given as secrets, by the names that notebooks ask for.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from datetime import date
from pathlib import Path

import psycopg

from tideline.samples import funnel, payments
from tideline.samples.postgres import Postgres
from tideline.samples.processes import Served, serve_payments
from tideline.workspace.errors import WorkspaceError
from tideline.workspace.private import write_private

SYSTEMS = ("payments", "funnel")
# Companies per client in the known answer: enough for the best ten that are not paid yet.
N_KNOWN = 60


class Source:
    """What a system reads: its database, and for payments the API. State is in `<folder>/<system>`."""

    def __init__(self, folder: Path, system: str) -> None:
        if system not in SYSTEMS:
            raise WorkspaceError(f"`{system}` has no source that runs", hint=f"choose one of {', '.join(SYSTEMS)}")
        self.system, self.cluster = system, Postgres(folder / system / "postgres")
        self._file = folder / system / "api.json"

    def start(self) -> dict[str, str]:
        """Start it unless it runs; gives the secrets by which it is reached."""
        self.cluster.start()
        owner, reader = self.cluster.ensure_database(self.system)
        with psycopg.connect(owner.dsn) as connection:
            (payments if self.system == "payments" else funnel).make_tables(connection)
        if self.system == "funnel":
            return {"funnel_url": reader.jdbc_url, "funnel_user": reader.user, "funnel_password": reader.password}
        served = self._served()
        if served is None:
            served = serve_payments(reader.dsn)
            write_private(self._file, asdict(served))
        return {"payments_url": served.url, "payments_token": served.token}

    def stop(self) -> bool:
        """End it; the data stays. Whether it ran."""
        served = self._served()
        ended = [served.stop()] if served else []
        self._file.unlink(missing_ok=True)
        return any([*ended, self.cluster.stop()])

    def forget(self) -> None:
        """End it and remove its data."""
        self.stop()
        shutil.rmtree(self.cluster.folder, ignore_errors=True)

    @property
    def has_data(self) -> bool:
        """Whether it was ever started, so that there is something to serve."""
        return self.cluster.data.is_dir()

    def where(self) -> str:
        """What runs, and where; empty where nothing does."""
        port, served = self.cluster.port, self._served()
        found = [f"PostgreSQL on 127.0.0.1:{port}"] if port else []
        return ", ".join([*found, *([f"API on {served.url}"] if served else [])])

    def write_day(self, day_index: int, *, scale: float, seed: int, start: date) -> str:
        """Bring the running database to the end of a day of its sample; gives what was written, for people."""
        with psycopg.connect(self.cluster.login(self.system, f"{self.system}_owner").dsn) as connection:
            if self.system == "payments":
                sample = payments.sample(seed, scale, start)
                written = payments.write_day(connection, sample, day_index)
                payments.best_companies(sample.world, N_KNOWN).to_parquet(self.known_answer)
                return f"{written.payments} payments and {written.companies} companies changed"
            return f"{funnel.write_day(connection, funnel.sample(seed, scale, start), day_index)} rows changed"

    @property
    def known_answer(self) -> Path:
        """What the sample's generator draws payments from, for judging whoever guesses it: a file, once a day was written."""
        return self.cluster.folder.parent / "known_answer.parquet"

    def load(self, folder: Path) -> str:
        """Load the four pages' files into the funnel's running database; gives what was loaded, for people."""
        if self.system != "funnel":
            raise WorkspaceError(f"nothing can be loaded into `{self.system}`", hint="tideline source load funnel FOLDER")
        with psycopg.connect(self.cluster.login("funnel", "funnel_owner").dsn) as connection:
            loaded = funnel.load_pages(connection, folder)
        pages = ", ".join(f"{n} {name}" for name, n in loaded.pages.items())
        return f"{loaded.users} users, {pages}"

    def _served(self) -> Served | None:
        try:
            served = Served(**json.loads(self._file.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return served if served.is_alive else None
