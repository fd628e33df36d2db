"""Start each peer's process and gather what it tells. `python -m benchmarks.peers.run [PEER ...] [ROWS ...]` prints it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.cases import CASES, FIRST_LOAD, Seen, lines
from benchmarks.peers.environments import PEERS, ROOT, java_home, python_of
from benchmarks.peers.process import JARS, RESULT, SIZES
from tideline.setup.pins import SetupError, pinned_jars

ROWS = (200_000, 2_000_000)
MODULES = {peer: f"with_{peer}" for peer in PEERS} | {"single_node": "single_node"}
INTRODUCTION = (
    "## Peers",
    "",
    "Other helpers with the same cases, each in an environment and a classic Spark process (local[2], heap 4 GB) of its own;",
    "ratios are to the plain MERGE of that process, so compare within a table. `result`: every key once, with the newest row.",
)


def told_by(peer: str, rows: Sequence[int]) -> list[dict[str, Any]]:
    """What the peer's process told, line by line. Raises SetupError where it cannot be run or does not end well."""
    python = python_of(peer)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYTHON"))}
    environment |= {JARS: ",".join(str(jar.path) for jar in pinned_jars()), SIZES: ",".join(map(str, rows))}
    environment["JAVA_HOME"] = str(java_home())
    command = [str(python), "-m", f"benchmarks.peers.{MODULES[peer]}"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    told = []
    for line in process.stdout or ():
        if line.startswith(RESULT):
            told.append(json.loads(line.removeprefix(RESULT)))
        elif line.startswith("bench:"):
            print(line, end="", flush=True)
    errors = process.stderr.read() if process.stderr else ""
    if process.wait():
        raise SetupError(f"{peer} ended with {process.returncode}: {' '.join(errors.split())[-300:]}")
    return told


def page(peer: str, rows: Sequence[int]) -> list[str]:
    """The peer's part of the results; where it could not be measured, the reason."""
    print(f"bench: {peer} ...", flush=True)
    try:
        told = told_by(peer, rows)
    except SetupError as error:
        return ["", f"### {peer}", "", f"Not measured: {error}"]
    head = ["", f"### {told[0]['versions']}", ""]
    return [*head, *([line for each in told[1:] for line in each["lines"]] if "lines" in told[1] else table(told[1:]))]


def table(told: Sequence[dict[str, Any]]) -> list[str]:
    named = {case.name: case for case in (*CASES, FIRST_LOAD)}
    found: dict[int, list[Any]] = {}
    for each in told:
        seen = {name: Seen(**one) for name, one in each["seen"].items()}
        found.setdefault(each["n"], []).append((named[each["case"]], seen))
    return lines(found)


def run(peers: Sequence[str] = PEERS, rows: Sequence[int] = ROWS) -> list[str]:
    """The section of the results, without its introduction."""
    return [line for peer in peers for line in page(peer, rows)]


if __name__ == "__main__":
    given = sys.argv[1:]
    sizes = [int(each) for each in given if each.isdigit()]
    print("\n".join(run([each for each in given if not each.isdigit()] or PEERS, sizes or ROWS)))
