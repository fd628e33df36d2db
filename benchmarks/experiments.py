"""The experiments' routes under load: alone, beside a snapshot that is swapped every second, and at a hundred times the data.

`python -m benchmarks experiments`. Counts are drawn in the shape of the real set: 47 experiments, 76 variants, two days.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy as np
import pandas as pd
import pyarrow as pa
import requests
from deltalake import write_deltalake

from benchmarks.load import get, highest_rate, row_of
from benchmarks.memory import Memory, watched
from systems.ab_testing.config import EVENT_NAMES, LATER_PURCHASE, SAME_ITEM
from systems.ab_testing.verdicts import judge_family

ROOT = Path(__file__).resolve().parents[1]
N_EXPERIMENTS, TIMES, RATE, PORT = 47, 100, 200, 18474
# The hours in which the real set has events.
HOURS = {1: [9, *range(12, 24)], 2: range(24)}
PERIODS = ["whole", "2021-08-01", "2021-08-02", *[f"2021-08-0{day} {hour:02d}" for day in HOURS for hour in HOURS[day]]]
INTRODUCTION = (
    "## Experiments",
    "",
    f"{N_EXPERIMENTS} experiments with one to three variants, {len(PERIODS)} periods, two rules. Requests come in an open loop",
    "from a second process, results, counts and funnels in turn; a latency counts from the moment at which a request is due.",
    "Every commit of gold holds its own number in every row; an answer with another number than its commit's is a failure.",
)


def run(home: Path) -> list[str]:
    """Lines of two tables."""
    counts, funnels = counts_of(np.random.default_rng(3))
    days = [family for family in counts if set(family["period"]) != {"hour"}]
    results, seconds = judged(counts)
    of_days, seconds_of_days = judged(days)
    lines = ["| statistics and start | measured | target |", "| --- | --- | --- |"]
    both = f"{N_EXPERIMENTS} experiments, both rules, one process"
    lines.append(f"| judge {both}: on both days and over all, {len(of_days):,} verdicts | {seconds_of_days:.1f} s | 5 s |")
    lines.append(f"| the same with every hour, {len(results):,} verdicts | {seconds:.1f} s | none set |")
    warehouse = home / "warehouse"
    write(warehouse, results, funnels, 0)
    load = ["", "| API | requests a second | p50 ms | p99 ms | longest ms | failed | target |", "| --- " * 7 + "|"]
    with api(warehouse) as (url, memory, seconds):
        lines.append(f"| from the process's start to the first answer | {seconds:.1f} s | 3 s |")
        paths = paths_of(results)
        get(url, paths, rate=50, seconds=3, seen=check)
        load.append(row_of("alone", get(url, paths, rate=RATE, seconds=30, seen=check), "p99 10"))
        with committing(warehouse):
            beside = get(url, paths, rate=RATE, seconds=60, seen=check)
        load.append(row_of(f"beside a commit a second; {len(beside.seen)} commits answered", beside, "p99 50"))
        best = highest_rate(lambda rate: get(url, paths, rate=rate, seconds=15, seen=check), most_ms=20)
        load += [row_of("alone, the highest rate with p99 under 20 ms", best, "aim 500")] if best else []
        lines += memory_rows(memory, f"{N_EXPERIMENTS} experiments")
    write(home / "large", *times(results, funnels, TIMES), 0)
    with api(home / "large") as (url, memory, seconds):
        load.append(row_of(f"{TIMES} times the experiments", get(url, paths, rate=RATE, seconds=20, seen=check), "p99 10"))
        lines.append(f"| from start to the first answer, {TIMES} times the experiments | {seconds:.1f} s | |")
        lines += memory_rows(memory, f"{TIMES} times the experiments", "300 MiB")
    return lines + load


def memory_rows(memory: Memory, what: str, target: str = "") -> list[str]:
    """What stays, and the most at once: every version is read by a process of its own, which ends with it."""
    now, peak = (f"{each / 1024**2:,.0f} MiB" for each in (memory.now, memory.peak))
    return [
        f"| resident memory, {what} | {now} | {target} |",
        f"| the same with the process that reads, at most | {peak} | none set |",
    ]


def judged(counts: list[pd.DataFrame]) -> tuple[pd.DataFrame, float]:
    """Rows of `experiment_results`, and the seconds that they took."""
    started = time.perf_counter()
    found = pd.concat([judge_family(family) for family in counts], ignore_index=True)
    return found, time.perf_counter() - started


def counts_of(draw: np.random.Generator) -> tuple[list[pd.DataFrame], pd.DataFrame]:
    """Counts per variant, a frame per period and rule, and rows of `experiment_funnel`; they grow with the period's length."""
    numbers = [(number, each) for number in range(N_EXPERIMENTS) for each in range(1 + number % 3)]
    variants = [(f"team/experiment-{number:02d}", str(6000 + each)) for number, each in numbers]
    families, steps = [], []
    for day in PERIODS:
        size = {len("whole"): 3000, len("2021-08-01"): 1800}.get(len(day), 120)
        n = draw.integers(size // 2, size, len(variants))
        base = pd.DataFrame(variants, columns=["experiment", "variant"]).assign(
            day=day, period={5: "whole", 10: "day"}.get(len(day), "hour"), n_participants=n
        )
        for rule in (LATER_PURCHASE, SAME_ITEM):
            bought = draw.binomial(n, 0.1)
            families.append(base.assign(
                attribution=rule, attribution_window_hours=48, n_buyers=bought, n_purchases=bought, conversion_rate=bought / n,
                conversion_low=0.0, conversion_high=1.0, n_participants_all=n, n_buyers_all=bought, n_purchases_all=bought,
                n_users=base.groupby("experiment")["n_participants"].transform("sum"),
            ))  # fmt: skip
        names = pd.DataFrame({"step_number": np.arange(1, 7), "step": EVENT_NAMES})
        steps.append(base.merge(names, how="cross").assign(n_users=10, share=0.1, window_hours=48))
    return families, pd.concat(steps, ignore_index=True)


def times(results: pd.DataFrame, funnels: pd.DataFrame, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same under other names, `n` times in all."""
    return tuple(
        pd.concat([rows, *[rows.assign(experiment=rows["experiment"] + f"-{copy}") for copy in range(1, n)]], ignore_index=True)
        for rows in (results, funnels)
    )


def write(warehouse: Path, results: pd.DataFrame, funnels: pd.DataFrame, commit: int) -> None:
    """Both tables anew; every row says which commit it is of, where answers show it."""
    marked = {
        "experiment_results": pa.Table.from_pylist(results.assign(n_contaminated=commit).to_dict("records")),
        "experiment_funnel": pa.Table.from_pandas(funnels.assign(n_participants=1_000_000 + commit), preserve_index=False),
    }
    for name, table in marked.items():
        write_deltalake(warehouse / "ab_testing_gold.db" / name, table, mode="overwrite")


def paths_of(results: pd.DataFrame) -> list[str]:
    """Every route in turn, over experiments and periods at random."""
    chosen = results[["experiment", "day", "attribution"]].sample(3_000, replace=True, random_state=5)
    routes = ("result", "variants", "funnel")
    paths = []
    for place, (name, day, rule) in enumerate(chosen.itertuples(index=False)):
        by_rule = "" if routes[place % 3] == "funnel" else f"&attribution={rule}"
        paths.append(f"/experiment/{quote(name, safe='')}/{routes[place % 3]}?day={quote(day)}{by_rule}")
    return paths


def check(path: str, answer: dict[str, Any]) -> str:
    """The commit of the answer's table, where the answer is that commit's."""
    results, funnels = (int(each.rpartition("@")[2]) for each in answer["data_version"].split(", "))
    if "results" in answer and answer["results"]["number_of_contaminated"] != results:
        return "wrong: mixed commits"
    if "/funnel" in path and {each["number_of_participants"] for each in answer["variants"]} != {1_000_000 + funnels}:
        return "wrong: mixed commits"
    return str(results)


@contextmanager
def api(warehouse: Path, ready: str = "/experiments") -> Iterator[tuple[str, Memory, float]]:
    """The API as its own process: its address, its memory, and the seconds until it gave an answer to `ready`."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "TIDELINE_SERVING": str(warehouse / "none"),
        "TIDELINE_GOLD": str(warehouse), "TIDELINE_PSEUDONYM_KEY": "of the benchmark", "TIDELINE_RECOMMENDATIONS_JOB_ID": "1",
        "TIDELINE_API_PORT": str(PORT), "TIDELINE_API_REFRESH_SECONDS": "0.2",
    }  # fmt: skip
    url, started = f"http://127.0.0.1:{PORT}", time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "apps.api"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        with watched(process.pid) as memory:
            while process.poll() is None:
                try:
                    if requests.get(f"{url}{ready}", timeout=5).status_code == 200:
                        break
                except requests.ConnectionError:
                    pass
                time.sleep(0.05)
            yield url, memory, time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


@contextmanager
def committing(warehouse: Path, module: str = "benchmarks.experiments") -> Iterator[None]:
    """A process of `module` that commits its tables anew every second until the end."""
    process = subprocess.Popen([sys.executable, "-m", module, str(warehouse)], cwd=ROOT)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def commit_for_ever(warehouse: Path) -> None:
    """What `committing` runs, at low priority: the writer is elsewhere in earnest."""
    os.nice(19)
    counts, funnels = counts_of(np.random.default_rng(3))
    results, _ = judged(counts)
    commit = 0
    while True:
        commit += 1
        due = time.monotonic() + 1
        write(warehouse, results, funnels, commit)
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    commit_for_ever(Path(sys.argv[1]))
