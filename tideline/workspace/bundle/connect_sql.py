"""SQL that serverless compute refuses, found in its text: in cells, SQL notebooks and texts given to `spark.sql`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tideline.workspace.bundle.connect_names import DBFS, SETTABLE

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_REFUSED = (
    (r"\b(?:UN)?CACHE\s+(?:LAZY\s+)?TABLE\b|\bCLEAR\s+CACHE\b", "write the rows, or read them again"),
    (r"\bGLOBAL\s+TEMP(?:ORARY)?\s+VIEW\b|\bglobal_temp\.", "use a temporary view"),
    (r"\bADD\s+(?:JARS?|FILES?|ARCHIVES?)\s", "neither jars nor files are taken from code; use the environment"),
    (r"\bUSING\s+JAR\b", "jars are not taken; use a function in SQL or Python"),
    (r"\bROW\s+FORMAT\s+(?:SERDE|DELIMITED)\b|\bSTORED\s+(?:AS|BY)\b", "Hive's formats are refused; say USING DELTA"),
    (r"\$\{(?:env|system|hiveconf)\b[^}]*\}", "Hive's variables are not filled in; use a parameter"),
)
_PATTERNS = [(re.compile(pattern, re.IGNORECASE), hint) for pattern, hint in _REFUSED]
_PLACED = re.compile(rf"(['\"`])((?:{'|'.join(map(re.escape, DBFS))})[^'\"`]*)", re.IGNORECASE)
_SET = re.compile(r"(?:^|;)\s*SET\s+(spark\.[\w.]+)\s*=", re.IGNORECASE)


def sql_objections(text: str) -> Iterator[tuple[int, str, str]]:
    """Where in the text (from 0), what it is, and what to do instead. Comments are left out."""
    bare = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), text)
    for pattern, hint in _PATTERNS:
        for found in pattern.finditer(bare):
            yield found.start(), f"`{' '.join(found.group(0).split())}` fails on serverless compute", hint
    for found in _PLACED.finditer(bare):
        yield found.start(2), f"`{found.group(2)[:40]}` lies in DBFS, which serverless compute lacks", "use a volume"
    for found in _SET.finditer(bare):
        if found.group(1) not in SETTABLE:
            yield found.start(1), f"serverless compute refuses to set `{found.group(1)}`", "leave it to the workspace"
