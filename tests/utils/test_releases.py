"""Releases: complete before they count, named by one replacement, the old one kept on failure."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from utils import releases
from utils.errors import SourceError
from utils.places import LocalReleases
from utils.snapshots import Snapshots


def files(folder: Path, text: str) -> Path:
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(f"{name} {text}")
    return folder


def read(folder: Path) -> str:
    return " ".join((folder / name).read_text() for name in ("a.txt", "b.txt"))


def test_a_release_counts_once_it_is_complete(tmp_path: Path) -> None:
    place = LocalReleases(tmp_path / "served")
    assert place.version() is None
    for number in range(1, 6):
        releases.release(place.root, f"v{number}", files(tmp_path / f"{number}", str(number)))
        assert place.version() == f"v{number}"
        assert read(place.folder(f"v{number}")) == f"a.txt {number} b.txt {number}"
    assert sorted(path.name for path in place.root.iterdir()) == ["current.json", "v3", "v4", "v5"]


def test_dying_while_files_are_copied_leaves_the_old_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = LocalReleases(tmp_path / "served")
    releases.release(place.root, "v1", files(tmp_path / "1", "1"))
    copied = shutil.copytree

    def half(source: Path, target: Path) -> Path:
        copied(source, target)
        (target / "b.txt").write_text("torn")
        return target

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copytree", half)
        with pytest.raises(SourceError, match=r"b.txt: has another content than was published.* the release before it stands"):
            releases.release(place.root, "v2", files(tmp_path / "2", "2"))
    assert (place.version(), read(place.folder("v1"))) == ("v1", "a.txt 1 b.txt 1")
    releases.release(place.root, "v2", tmp_path / "2")
    assert place.version() == "v2"


def test_releasing_what_counts_again_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = LocalReleases(tmp_path / "served")
    releases.release(place.root, "v1", files(tmp_path / "1", "1"))
    monkeypatch.setattr(shutil, "copytree", None)
    releases.release(place.root, "v1", tmp_path / "1")
    assert (place.version(), read(place.folder("v1"))) == ("v1", "a.txt 1 b.txt 1")


def test_dying_while_what_counts_is_replaced_leaves_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = LocalReleases(tmp_path / "served")
    releases.release(place.root, "v1", files(tmp_path / "1", "1"))
    files(tmp_path / "2", "2")

    def killed(source: Path, target: Path) -> None:
        target.mkdir()
        (target / "a.txt").write_text("half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(shutil, "copytree", killed)
        releases.release(place.root, "v1", tmp_path / "2")
    assert (place.version(), read(place.folder("v1"))) == ("v1", "a.txt 1 b.txt 1")
    releases.release(place.root, "v1", tmp_path / "2")
    assert read(place.folder("v1")) == "a.txt 2 b.txt 2"
    assert sorted(path.name for path in place.root.iterdir()) == ["current.json", "v1"]


def test_a_damaged_release_is_named_and_never_taken_over(tmp_path: Path) -> None:
    place = LocalReleases(tmp_path / "served")
    releases.release(place.root, "v1", files(tmp_path / "1", "1"))
    snapshots = Snapshots("texts", place.version, lambda version: read(place.folder(version)))
    assert snapshots.refresh()
    releases.release(place.root, "v2", files(tmp_path / "2", "2"))
    (place.root / "v2" / "a.txt").unlink()
    assert not snapshots.refresh()
    assert snapshots.current and snapshots.current.version == "v1"
    assert "v2/a.txt: is missing" in snapshots.error
    releases.release(place.root, "v3", files(tmp_path / "3", "3"))
    assert snapshots.refresh()
    assert (snapshots.current.version, snapshots.error) == ("v3", "")


@pytest.mark.parametrize("content", ["", "[]", '{"version": 3}', '{"version": "../../etc"}'])
def test_what_names_no_release_is_said(tmp_path: Path, content: str) -> None:
    (tmp_path / "current.json").write_text(content)
    with pytest.raises(SourceError, match=r"current\.json"):
        releases.current(tmp_path)


def test_readers_never_see_two_releases_at_once(tmp_path: Path) -> None:
    """One thread releases, another reads through a snapshot: every value is of one release."""
    place = LocalReleases(tmp_path / "served")
    releases.release(place.root, "v0", files(tmp_path / "0", "0"))
    snapshots = Snapshots("texts", place.version, lambda version: read(place.folder(version)), every_seconds=0.001)
    snapshots.start()
    seen, is_over = set(), threading.Event()

    def look() -> None:
        while not is_over.is_set():
            now = snapshots.current
            assert now and now.value == f"a.txt {now.version[1:]} b.txt {now.version[1:]}"
            seen.add(now.version)

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(1, 30):
        releases.release(place.root, f"v{number}", files(tmp_path / f"{number}", str(number)))
    is_over.set()
    reader.join()
    snapshots.stop()
    assert len(seen) > 2
