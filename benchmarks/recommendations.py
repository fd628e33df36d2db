"""The recommender at its full size: how long a build takes, and how fast the API answers, alone and beside a build.

`python -m benchmarks recommendations`. Payments are drawn from the sample's world: 35,000 companies, 200,000 clients.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

import numpy as np
import pandas as pd
import psutil
import requests

from benchmarks.load import ask, highest_rate, row_of
from systems.payments import serving
from systems.payments.judging import judge
from systems.payments.models import MODELS, Embeddings, ItemKnn
from systems.payments.recommender import Recommender
from systems.payments.taste import Taste
from systems.payments.training import SERVED
from systems.payments.validation import refuse_unless_valid, validate
from tideline.samples.payments.world import CATEGORIES, N_TOP, World
from utils.pseudonyms import pseudonym_of

ROOT = Path(__file__).resolve().parents[1]
COMPANIES, CLIENTS, PAYMENTS = 35_000, 200_000, 2_000_000
RATE, SECRET, PORT = 200, "a secret of the benchmark", 18473
INTRODUCTION = (
    "## Recommendations",
    "",
    f"{COMPANIES:,} companies, {CLIENTS:,} clients, {PAYMENTS:,} payments drawn from the sample's world. One process builds,",
    "the index one thread. Requests come in an open loop from a second process, half for known clients; a latency counts from",
    "the moment at which a request is due. `beside a build`: a third process of low priority learns vectors, builds the index",
    "and publishes it, again and again. An answer that is not complete, or names a company that is closed or that the client",
    "pays already, is a failure; all releases hold the same payments.",
)


def run(home: Path) -> list[str]:
    """Lines of two tables."""
    lines = ["| build | seconds | target |", "| --- | --- | --- |"]
    world = World.of(7, companies=COMPANIES, clients=CLIENTS)
    taste = taste_of(world, PAYMENTS)
    made = build(taste, home / "files", lambda what, seconds, target: lines.append(f"| {what} | {seconds:.1f} | {target} |"))
    folder = home / "serving"
    serving.publish(folder, "v0", home / "files")
    bodies = requests_of(world, made)
    lines += ["", "| API | requests a second | p50 ms | p99 ms | longest ms | failed | target |", "| --- " * 7 + "|"]
    with api(folder) as (url, process):
        check = checker(made)
        ask(url, bodies, rate=50, seconds=3, seen=check)
        lines.append(row_of("alone", ask(url, bodies, rate=RATE, seconds=30, seen=check), "p99 10"))
        with building(folder, home):
            beside = ask(url, bodies, rate=RATE, seconds=120, seen=check)
        lines.append(row_of(f"beside a build; {len(beside.seen)} releases answered", beside, "p99 50"))
        best = highest_rate(lambda rate: ask(url, bodies, rate=rate, seconds=15, seen=check), most_ms=20)
        lines += [row_of("alone", best, "aim 500")] if best else []
        memory = psutil.Process(process.pid).memory_info().rss / 1024**2
    return [*lines, "", f"Resident memory of the API at the end: {memory:,.0f} MiB."]


def taste_of(world: World, n_payments: int) -> Taste:
    """Who paid whom, as the tables would give it."""
    draw = np.random.default_rng(5)
    client = draw.choice(world.n_clients, n_payments, p=world.activity)
    company = world.choose(draw, client)
    pairs = pd.DataFrame({"row": client, "company_id": world.company_id[company], "first_paid_us": np.arange(n_payments)})
    pairs = pairs.groupby(["row", "company_id"], as_index=False)["first_paid_us"].min()
    names = {row: pseudonym_of(SECRET, world.client_id(row)) for row in pairs["row"].unique()}
    ids = np.arange(world.n_companies)
    companies = pd.DataFrame(
        {
            "company_id": world.company_id,
            "company_code": [world.company_code(i) for i in ids],
            "company_name": [world.company_name(i).strip() for i in ids],
            "category": [CATEGORIES[c] if c >= 0 else "unknown" for c in world.category],
            "is_top_biller": ids < N_TOP,
            "is_closed": ids % 25 == 24,
            "n_clients": np.bincount(company, minlength=len(ids)),
            "mean_log10_amount": np.log10(world.ticket),
            "median_gap_days": 30.0,
        }
    )
    return Taste.of(pairs.assign(client=pairs["row"].map(names)), companies)


def build(taste: Taste, files: Path, note: Callable[[str, float, str], None]) -> Recommender:
    """Everything that the job does between silver and the release, timed by its parts."""
    popular = np.argsort(-taste.companies["n_clients"].to_numpy(), kind="stable")
    popular = popular[taste.is_open[popular]][:50]
    before, after, _ = taste.split()
    started = time.perf_counter()
    judged = {name: judge(model.fit(before), before, after) for name, model in MODELS.items()}
    said = ", ".join(f"{name} {each.recall:.3f}" for name, each in judged.items())
    times = judged["item_knn"].recall / judged["popularity"].recall
    wished = f"recall@10 twice popularity's: {'met' if times >= 2 else 'missed'}, {times:.2f} times"
    note(f"compare the four models on a later time (recall@10: {said})", time.perf_counter() - started, wished)
    started = time.perf_counter()
    embeddings = Embeddings.fit(taste.paid).filled(taste.features())
    fitted = time.perf_counter()
    made = Recommender.fit(taste, ItemKnn.fit(taste.paid), embeddings, popular)
    indexed = time.perf_counter()
    facts = {"judgements": {name: {"recall": each.recall} for name, each in judged.items()}}
    facts["judgements"][SERVED] = {"recall": judged["item_knn"].recall}
    made.save(files, facts)
    refuse_unless_valid(validate(Recommender.load(files)[0], facts, None))
    done = time.perf_counter()
    note("vectors of the companies", fitted - started, "")
    note("item-kNN and the index", indexed - fitted, "")
    note("save, read back, validate", done - indexed, "")
    note("vectors, index and validation together", done - started, "120")
    started = time.perf_counter()
    made.recommend(np.arange(0, CLIENTS, 10)[: len(made.clients) // 10], 20, threads=2)
    note("the first 20 companies of every tenth client, with reasons", time.perf_counter() - started, "")
    return made


def requests_of(world: World, made: Recommender) -> list[dict[str, Any]]:
    """Known clients and unknown ones in turn."""
    draw = np.random.default_rng(9)
    ids = [world.client_id(int(row)) for row in draw.choice(world.n_clients, 3_000, replace=False)]
    known = [id_ for id_ in ids if made.row_of(pseudonym_of(SECRET, id_)) is not None][:1_000]
    unknown = [f"{number:064x}" for number in range(len(known))]
    return [{"client_id": id_} for pair in zip(known, unknown, strict=True) for id_ in pair]


def checker(made: Recommender) -> Callable[[dict[str, Any], dict[str, Any]], str]:
    """All releases hold the same payments: an answer is right if it is complete and names no paid or closed company."""
    ids = made.companies["company_id"].to_numpy()

    def check(body: dict[str, Any], answer: dict[str, Any]) -> str:
        row = made.row_of(pseudonym_of(SECRET, body["client_id"]))
        columns = np.searchsorted(ids, [each["company_id"] for each in answer["recommended_companies"]])
        if len(columns) != 5 or not made.is_open[columns].all():
            return "wrong companies"
        if (answer["fallback"] == "popular") != (row is None):
            return "wrong fallback"
        if row is not None and np.isin(columns, made.paid[row].indices).any():
            return "wrong: paid already"
        return str(answer["model_version"])

    return check


@contextmanager
def api(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The API as its own process."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]), "TIDELINE_SERVING": str(folder),
        "TIDELINE_GOLD": str(folder / "warehouse"),
        "TIDELINE_PSEUDONYM_KEY": SECRET, "TIDELINE_RECOMMENDATIONS_JOB_ID": "1", "TIDELINE_API_PORT": str(PORT),
        "TIDELINE_API_REFRESH_SECONDS": "1", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    process = subprocess.Popen([sys.executable, "-m", "apps.api"], cwd=ROOT, env=environment)
    try:
        while process.poll() is None:
            try:
                if requests.get(f"http://127.0.0.1:{PORT}/ready", timeout=5).status_code == 200:
                    break
            except requests.ConnectionError:
                time.sleep(0.2)
        yield f"http://127.0.0.1:{PORT}/recommend_companies", process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def building(folder: Path, home: Path) -> Iterator[None]:
    """A process of low priority that builds and publishes until the end."""
    command = [sys.executable, "-m", "benchmarks.recommendations", str(folder), str(home / "files"), str(home / "again")]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"OPENBLAS_NUM_THREADS": "1"})
    try:
        yield
    finally:
        process.kill()
        process.wait()


def rebuild_for_ever(folder: Path, files: Path, again: Path) -> None:
    """What `building` runs: vectors and index anew from the payments of a release, published as the next one."""
    os.nice(19)
    made, facts = Recommender.load(files)
    taste = Taste(made.clients, made.companies.assign(is_closed=~made.is_open), made.paid, np.array([]))
    number = 0
    while True:
        number += 1
        embeddings = Embeddings.fit(taste.paid).filled(taste.features())
        Recommender.fit(taste, made.model, embeddings, made.popular).save(again, facts)
        serving.publish(folder, f"v{number}", again)


if __name__ == "__main__":
    rebuild_for_ever(*map(Path, sys.argv[1:4]))
