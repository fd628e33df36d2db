"""Files of volumes through the platform's client: the folders that notebooks see."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, ResourceAlreadyExists

from tests.workspace.control.conftest import Plane

VOLUME = "/Volumes/spark_catalog/shop/landing"


@pytest.fixture
def volume(quiet: Plane) -> Path:
    folder = quiet.layout.volumes / "spark_catalog" / "shop" / "landing"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_file_is_put_where_notebooks_read_it_and_comes_back(quiet: Plane, volume: Path) -> None:
    files, path = quiet.client.files, f"{VOLUME}/2023/a day.csv"
    files.upload(path, io.BytesIO(b"pear,1\n"))
    assert (volume / "2023" / "a day.csv").read_bytes() == b"pear,1\n"
    found = files.download(path).contents
    assert found is not None
    assert found.read() == b"pear,1\n"
    assert files.get_metadata(path).content_length == 7
    with pytest.raises(ResourceAlreadyExists):
        files.upload(path, io.BytesIO(b"plum,2\n"), overwrite=False)
    files.upload(path, io.BytesIO(b"plum,2\n"), overwrite=True)
    assert (volume / "2023" / "a day.csv").read_bytes() == b"plum,2\n"
    files.delete(path)
    with pytest.raises(NotFound):
        files.download(path)


def test_folders_are_made_listed_by_page_and_deleted_when_empty(quiet: Plane, volume: Path) -> None:
    files, folder = quiet.client.files, f"{VOLUME}/many"
    files.create_directory(f"{folder}/below")
    for number in range(5):
        files.upload(f"{folder}/{number}.txt", io.BytesIO(b"x" * number), overwrite=True)
    found = [(each.name, each.is_directory, each.file_size) for each in files.list_directory_contents(folder, page_size=2)]
    assert found == [*((f"{n}.txt", False, n) for n in range(5)), ("below", True, None)]
    files.get_directory_metadata(folder)
    with pytest.raises(BadRequest, match="not empty"):
        files.delete_directory(folder)
    files.delete_directory(f"{folder}/below")
    with pytest.raises(NotFound):
        files.get_directory_metadata(f"{folder}/below")


def test_nothing_is_put_below_a_file(quiet: Plane, volume: Path) -> None:
    files, path = quiet.client.files, f"{VOLUME}/day.csv"
    files.upload(path, io.BytesIO(b"pear"), overwrite=True)
    for below in (f"{path}/x", f"{path}/x/y"):
        with pytest.raises(ResourceAlreadyExists, match=f"{path} is a file"):
            files.upload(below, io.BytesIO(b"plum"))
        with pytest.raises(ResourceAlreadyExists, match=f"{path} is a file"):
            files.create_directory(below)
    with pytest.raises(ResourceAlreadyExists, match=f"{path} is a file"):
        files.create_directory(path)
    assert (volume / "day.csv").read_bytes() == b"pear"
    files.delete(path)


def test_no_path_leaves_the_volumes_and_none_is_made_by_the_way(quiet: Plane, volume: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="spark_catalog.shop.nothing"):
        quiet.client.files.upload("/Volumes/spark_catalog/shop/nothing/a.txt", io.BytesIO(b"1"))
    assert not (volume.parent / "nothing").exists()
    (volume / "out").symlink_to(tmp_path)
    for path in (f"{VOLUME}/out/a.txt", "/Workspace/a.txt", "/Volumes/spark_catalog/a.txt"):
        with pytest.raises(InvalidParameterValue):
            quiet.client.files.upload(path, io.BytesIO(b"1"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidParameterValue, match="not a folder in one"):
        quiet.client.files.delete_directory(VOLUME)
    assert "out" not in {each.name for each in quiet.client.files.list_directory_contents(VOLUME)}
    (volume / "out").unlink()
