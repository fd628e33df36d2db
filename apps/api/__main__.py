"""`python -m apps.api`: serve on the host and port that the environment names; loopback by default."""

from __future__ import annotations

import logging
import sys

import uvicorn

from apps.api.config import Config
from apps.api.main import create_app
from utils.environment import ConfigError


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        config = Config.from_environment()
    except ConfigError as error:
        sys.stderr.write(f"api: {error}\n")
        return 2
    uvicorn.run(create_app(config), host=config.host, port=config.port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
