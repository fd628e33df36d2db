"""The jars: fetched through Ivy from a repository in a folder, checked, kept; and the trust store that Java reads."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from tideline.setup import jars, pins, trust
from tideline.workspace.server.java import find_java

SETTINGS = """<ivysettings><settings defaultResolver="folder"/><caches defaultCacheDir="{cache}"/><resolvers>
<filesystem name="folder" m2compatible="true">
<ivy pattern="{root}/[organisation]/[module]/[revision]/[module]-[revision].pom"/>
<artifact pattern="{root}/[organisation]/[module]/[revision]/[artifact]-[revision].[ext]"/>
</filesystem></resolvers></ivysettings>"""

POM = """<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>tool</artifactId>
<version>1.0</version></project>"""


@pytest.fixture
def wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pins.Jar:
    """One jar that a folder repository serves and that is pinned; Ivy is told of the folder by a settings file."""
    content = b"PK\x05\x06" + bytes(18)
    served = tmp_path / "repository" / "org" / "example" / "tool" / "1.0" / "tool-1.0.jar"
    served.parent.mkdir(parents=True)
    served.write_bytes(content)
    served.with_suffix(".pom").write_text(POM)
    settings = tmp_path / "ivysettings.xml"
    settings.write_text(SETTINGS.format(root=tmp_path / "repository", cache=tmp_path / "cache"))
    monkeypatch.setenv("TIDELINE_IVY_SETTINGS", str(settings))
    monkeypatch.setattr(pins, "JARS", tmp_path / "jars")
    monkeypatch.setattr(jars, "JARS", tmp_path / "jars")
    jar = pins.Jar("org.example", "tool", "1.0", hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(jars, "pinned_jars", lambda: [jar])
    return jar


def test_a_jar_is_fetched_by_the_persons_own_ivy_settings_and_strangers_go(wanted: pins.Jar) -> None:
    wanted.path.parent.mkdir()
    stranger = wanted.path.with_name("old-0.9.jar")
    stranger.touch()

    jars.fetch()

    assert wanted.path.is_file() and not stranger.exists()
    assert [path.name for path in wanted.path.parent.iterdir()] == ["tool-1.0.jar"]


def test_a_damaged_jar_is_fetched_again(wanted: pins.Jar) -> None:
    wanted.path.parent.mkdir()
    wanted.path.write_bytes(b"half a j")

    jars.fetch()

    assert hashlib.sha256(wanted.path.read_bytes()).hexdigest() == wanted.sha256


def test_another_content_than_pinned_is_not_taken(wanted: pins.Jar, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = pins.Jar(wanted.group, wanted.name, wanted.version, "0" * 64)
    monkeypatch.setattr(jars, "pinned_jars", lambda: [pinned])

    with pytest.raises(pins.SetupError, match=r"tool-1.0.jar has another checksum than jars.txt says"):
        jars.fetch()

    assert not pinned.path.exists()


def test_a_jar_that_no_repository_has_is_said(wanted: pins.Jar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "pinned_jars", lambda: [pins.Jar("org.example", "other", "2.0", "0" * 64)])

    with pytest.raises(pins.SetupError, match="jars could not be fetched: no jar repository was reached|not delivered"):
        jars.fetch()


def test_java_reads_the_trust_store_that_is_made_from_a_pem_bundle(tmp_path: Path) -> None:
    import certifi

    pem = Path(certifi.where()).read_text()
    store = tmp_path / "trust.jks"

    trust.write_store(store, pem)

    listed = subprocess.run(
        [find_java().with_name("keytool"), "-list", "-keystore", store, "-storepass", "changeit"],
        capture_output=True, text=True, check=True)  # fmt: skip
    assert listed.stdout.count("trustedCertEntry") == pem.count("BEGIN CERTIFICATE") > 50
