"""`make test-connect`: the tests that use Spark, through the client of Databricks Connect.

    python -m tests.over_connect [FILE_OR_FOLDER ...]

The server is the local one, of this environment. The tests run in .venv-connect, and so do the server's Python workers: they
must have the Python of the client that sends them functions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tideline.workspace.layout import Layout
from tideline.workspace.server import ensure_server, stop_server

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-connect" / "bin" / "python"
SELECTED = ("tests/engine", "tests/systems", "tests/operations", "tests/workspace/server/test_features.py")
_KERNELS = "runs notebooks, and their kernels live in the ordinary environment"
_GOLD = "asks apps or reads gold without Spark: no session takes part"
_API = "asks the API, which reads the files of gold: no session takes part in its answer"
_BUNDLE = "reads the bundle: no session takes part"
_EVENTS = "tests/systems/ab_testing/test_real_events.py"
# What of them is left to `make test-all`, and why.
LEFT_OUT = {
    "tests/systems/ab_testing/test_published_posteriors.py": _KERNELS,
    "tests/systems/community/test_privacy.py": _KERNELS,
    "tests/systems/community/test_published_comments.py": _KERNELS,
    "tests/systems/community/test_published_summaries.py": _KERNELS,
    "tests/systems/funnel/test_published_breaks.py": _KERNELS,
    "tests/systems/test_killed.py": _KERNELS,
    "tests/systems/ab_testing/test_sampled_events.py": _GOLD,
    "tests/systems/ab_testing/test_questions.py": _GOLD,
    "tests/systems/vouchers/test_questions.py": _GOLD,
    "tests/systems/funnel/test_jobs.py": _BUNDLE,
    f"{_EVENTS}::test_the_api_answers_for_every_experiment_and_period_with_the_reckoned_counts": _API,
    f"{_EVENTS}::test_the_api_tells_every_funnel_in_the_order_of_its_steps": _API,
}


def main(asked: Sequence[str]) -> int:
    """Pytest's exit code; the server and its folder are gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="tideline-connect-"))
    os.environ["TIDELINE_WORKER_PYTHON"] = str(PYTHON)
    layout = Layout(home)
    try:
        server = ensure_server(layout, heap="3g", idle_minutes=15, on_progress=lambda said: print(said, flush=True))
        environment = os.environ | server.env() | {"TIDELINE_TEST_REMOTE": server.remote}
        return subprocess.run([str(PYTHON), *_pytest(asked)], cwd=ROOT, env=environment, check=False).returncode
    finally:
        stop_server(layout)
        shutil.rmtree(home, ignore_errors=True)


def _pytest(asked: Sequence[str]) -> list[str]:
    left_out = [f"--{'deselect' if '::' in each else 'ignore'}={each}" for each in LEFT_OUT]
    how = ["-m", "not deep", "-n", "2", "--dist", "loadfile", "-p", "tests.with_spark"]
    return ["-m", "pytest", *how, *left_out, *(asked or SELECTED)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
