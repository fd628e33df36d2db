"""`python -m apps.ab_results`: Streamlit on the host and port that the environment names; loopback by default."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from apps.ab_results.config import Config
from utils.environment import ConfigError

MAIN = Path(__file__).with_name("main.py")


def options(config: Config) -> list[str]:
    """Where it listens and whom it believes; what is the same everywhere stands in .streamlit/config.toml."""
    found = ["--server.address", config.host, "--server.port", str(config.port)]
    if config.has_login:
        return found
    # Another name for this machine in a browser's address is somebody else's page (DNS rebinding).
    return [*found, *(f"--server.allowedHosts={name}" for name in ("localhost", "127.0.0.1", "[::1]"))]


def main() -> int:
    try:
        config = Config.from_environment()
    except ConfigError as error:
        sys.stderr.write(f"ab_results: {error}\n")
        return 2
    command = [sys.executable, "-m", "streamlit", "run", str(MAIN), *options(config)]
    # In place of this process: whoever ends it ends the app.
    return os.execv(sys.executable, command)  # noqa: S606 (this interpreter with the app's own arguments)


if __name__ == "__main__":
    sys.exit(main())
