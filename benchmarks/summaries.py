"""A thousand comments through an endpoint that takes 300 ms a call, and without a key: `python -m benchmarks summaries`.

The endpoint is the tests' one, on loopback; the comments are those of the sampled exports, in fifteen languages.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy as np

from systems.community.summaries.client import Client
from systems.community.summaries.costs import Budget
from systems.community.summaries.endpoints import Endpoint
from systems.community.summaries.extractive import N_KEY_COMMENTS, key_comments
from systems.community.summaries.summarising import Done, summarise
from systems.community.summaries.threads import Thread, cleaned
from tests.systems.community.chat_server import KEY, chat_server
from tideline.samples.community.remarks import remark
from tideline.samples.community.threads import PlantedThread, coverage, key_recall, planted_threads
from tideline.samples.community.users import LANGUAGES
from tideline.samples.draws import rng

N_COMMENTS, LATENCY, DAY = 1_000, 0.3, date(2024, 1, 1)
N_THREADS, SEED = 150, 77
INTRODUCTION = (
    "## Comment summaries",
    "",
    f"{N_COMMENTS:,} comments of one post, an endpoint on loopback that takes {1000 * LATENCY:.0f} ms a call. Then",
    f"the stand-in without a key, on {N_THREADS} threads whose subjects are known, five comments each; intervals are 95 %, by",
    "bootstrap over threads. The threads are the generator's (`tideline/samples/community/threads.py`): they tell that the",
    "method finds what many say in every language and script, and nothing about how people write.",
)


def run(home: Path) -> list[str]:
    """Lines of two tables."""
    lines = ["| run | seconds | calls | most at once | target |", "| --- " * 5 + "|"]
    thread = Thread("p", "A title", tuple(_bodies(N_COMMENTS)))
    with chat_server(latency=LATENCY) as server:
        client = Client(Endpoint(base_url=server.url, model="m"), KEY, Budget(1.0))
        seconds, done = _timed(lambda: summarise([thread], [], "en", DAY, client=client))
        assert done.rows[0]["method"] == "model"
        lines.append(f"| first | {seconds:.2f} | {len(server.calls)} | {server.peak} | 5 s |")
        n_calls = len(server.calls)
        seconds, _ = _timed(lambda: summarise([thread], done.rows, "en", DAY, client=client))
        lines.append(f"| second | {seconds:.2f} | {len(server.calls) - n_calls} | | no call |")
        client.close()
    seconds, _ = _timed(lambda: summarise([thread], [], "en", DAY, client=None))
    lines.append(f"| without a key | {seconds:.2f} | 0 | | |")
    return [*lines, "", *_quality()]


def _quality() -> list[str]:
    threads = planted_threads(SEED, N_THREADS)
    lines = ["| measure | key comments | the first comments | gain |", "| --- " * 4 + "|"]
    measures = {"share of comments whose subject is quoted": coverage, "subjects whose key comment is quoted": key_recall}
    for name, measure in measures.items():
        mine, first = _scores(threads, measure)
        lines.append(f"| {name} | {_interval(mine)} | {_interval(first)} | {_interval(mine - first)} |")
    return lines


def _scores(threads: list[PlantedThread], measure: Callable[[PlantedThread, list[int]], float]) -> tuple[np.ndarray, np.ndarray]:
    mine = [measure(thread, key_comments(thread.bodies)) for thread in threads]
    first = [measure(thread, list(range(N_KEY_COMMENTS))) for thread in threads]
    return np.array(mine), np.array(first)


def _interval(values: np.ndarray) -> str:
    means = np.random.default_rng(1).choice(values, (5_000, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{values.mean():.2f} ({low:.2f} to {high:.2f})"


def _bodies(n: int) -> list[str]:
    given = [cleaned(remark(rng(SEED, number), LANGUAGES[number % len(LANGUAGES)]).body) for number in range(n)]
    return [body for body in given if body]


def _timed(work: Callable[[], Done]) -> tuple[float, Done]:
    started = time.monotonic()
    result = work()
    return time.monotonic() - started, result
