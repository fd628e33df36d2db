"""Measure, and write the results with their targets: `python -m benchmarks [SECTION ...]`, all sections by default."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks import (
    commands,
    experiments,
    interface,
    layers,
    merge,
    recommendations,
    sources,
    summaries,
    vouchers,
)
from benchmarks.page import replaced
from benchmarks.peers import run as peers

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results.md"
# Section -> what stands above its table, and what measures it in an empty folder.
SECTIONS: dict[str, tuple[Sequence[str], Callable[[Path], list[str]]]] = {
    "commands": (commands.INTRODUCTION, commands.run),
    "merge": (merge.INTRODUCTION, merge.run),
    "layers": (layers.INTRODUCTION, layers.run),
    "sources": (sources.INTRODUCTION, sources.run),
    "recommendations": (recommendations.INTRODUCTION, recommendations.run),
    "experiments": (experiments.INTRODUCTION, experiments.run),
    "vouchers": (vouchers.INTRODUCTION, vouchers.run),
    "interface": (interface.INTRODUCTION, interface.run),
    "summaries": (summaries.INTRODUCTION, summaries.run),
    "peers": (peers.INTRODUCTION, lambda home: peers.run()),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("section", nargs="*", choices=[*SECTIONS, []], metavar="SECTION", help=", ".join(SECTIONS))
    for name in parser.parse_args().section or SECTIONS:
        introduction, measure = SECTIONS[name]
        home = Path(tempfile.mkdtemp(prefix=f"tideline-bench-{name}-"))
        print(f"bench: {name} ...", flush=True)
        try:
            lines = [*introduction, "", measured_on(), "", *measure(home)]
        finally:
            shutil.rmtree(home, ignore_errors=True)
        RESULTS.write_text(replaced(RESULTS.read_text(), lines))
        print(f"bench: wrote section {name} of {RESULTS.relative_to(ROOT)}", flush=True)


def measured_on() -> str:
    """The machine, the versions and the commit."""
    memory = psutil.virtual_memory().total / 1024**3
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    packages = ", ".join(f"{name} {version(name)}" for name in ("pyspark", "delta-spark"))
    return (
        f"Measured at commit {git.stdout.strip() or 'unknown'} on {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}, {packages}."
    )


if __name__ == "__main__":
    main()
