"""The API as a process of its own: `python -m tideline.samples.payments.serve PORT`; database and token by environment."""

from __future__ import annotations

import os
import sys

import uvicorn

from tideline.samples.payments.api import create_app

DSN, TOKEN, MISBEHAVE = "TIDELINE_PAYMENTS_DSN", "TIDELINE_PAYMENTS_TOKEN", "TIDELINE_PAYMENTS_MISBEHAVE"


def main() -> None:
    """Serve on loopback until the process is ended."""
    app = create_app(os.environ[DSN], os.environ[TOKEN], can_misbehave=os.environ.get(MISBEHAVE) == "1")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
