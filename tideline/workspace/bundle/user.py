"""Who deploys, on a laptop: a fixed local user."""

from __future__ import annotations

import getpass
import os
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class LocalUser:
    """`name` is what the workspace calls userName; `short_name` is what prefixes are made of."""

    name: str

    @property
    def short_name(self) -> str:
        """The part before the @, with one underscore for all between letters and digits."""
        return re.sub(r"[^0-9A-Za-z]+", "_", self.name.split("@")[0]).strip("_").lower() or "local"


def local_user() -> LocalUser:
    """`TIDELINE_USER`, else the login name, else `local`."""
    named = os.environ.get("TIDELINE_USER", "").strip()
    if named:
        return LocalUser(named)
    try:
        return LocalUser(getpass.getuser())
    except (OSError, KeyError, ImportError):
        return LocalUser("local")
