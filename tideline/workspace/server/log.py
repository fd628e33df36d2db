"""The server's log: bounded, warnings only, and what its end says when the server does not start."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from tideline.workspace.layout import Layout

_SETTINGS = """
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {folder}/spark.log
appender.file.filePattern = {folder}/spark.%i.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c{{1}}: %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
"""
_ADVICE = {
    "Could not reserve enough space": "give it a smaller heap: --heap 2g",
    "Invalid maximum heap size": "name the heap like 4g or 2500m",
    "OutOfMemoryError": "give it a larger heap: --heap 6g",
    "Another instance of Derby": "another server holds this catalogue: end it, or set TIDELINE_HOME elsewhere",
    "BindException": "set TIDELINE_PORT to a free port, or leave it unset",
    "No space left on device": "free some disk space",
}


def write_settings(layout: Layout) -> Path:
    """Log4j's settings file for this layout: 10 MB a file, two older ones kept."""
    file = layout.server / "log4j2.properties"
    file.write_text(_SETTINGS.format(folder=layout.server))
    return file


def start_afresh(layout: Layout) -> None:
    """Forget what an earlier server said, so that an error names this start's reason."""
    for name in ("server.out", "spark.log"):
        (layout.server / name).unlink(missing_ok=True)


def open_output(layout: Layout) -> BinaryIO:
    """What the Java process itself prints, before Spark's log begins."""
    return (layout.server / "server.out").open("ab")


def last_words(layout: Layout) -> str:
    """What the log says about the failure (its first error and its last two lines), and where it is, as one line."""
    lines = _lines(layout)
    if not lines:
        return f"it wrote no log in {layout.server}"
    errors = [line for line in lines if "Error" in line or "Exception" in line or "Invalid" in line]
    telling = dict.fromkeys([*errors[:1], *(errors or lines)[-2:]])
    return f"its log in {layout.server} says: {' | '.join(line.strip()[:300] for line in telling)}"


def advice(layout: Layout) -> str:
    """What to do about the log's error; the general check where the error is not a known one."""
    text = "\n".join(_lines(layout))
    return next(
        (what for sign, what in _ADVICE.items() if sign in text), "`tideline doctor` checks what it needs"
    )


def _lines(layout: Layout) -> list[str]:
    files = [layout.server / name for name in ("server.out", "spark.log")]
    return [
        line
        for file in files
        if file.is_file()
        for line in file.read_text(errors="replace").splitlines()
        if line
    ]
