"""`python -m apps.api`: serve on the host and port that the environment names; loopback by default."""

from __future__ import annotations

import sys

import uvicorn

from apps.api.config import Config
from apps.api.log import log_json
from apps.api.main import create_app
from utils.environment import ConfigError


def main() -> int:
    log_json()
    try:
        config = Config.from_environment()
    except ConfigError as error:
        sys.stderr.write(f"api: {error}\n")
        return 2
    # Without a configuration of its own, what the server says goes to the same log.
    uvicorn.run(
        create_app(config), host=config.host, port=config.port, log_config=None, log_level="warning", access_log=False
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
