"""A folder, S3 and a place in memory do the same."""

from __future__ import annotations

import importlib
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter.checkpoints.place import NotThereError, Place, PlaceError, check_url
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(params=["folder", "file://", "s3", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        bucket: Callable[[], str] = request.getfixturevalue("s3_bucket")
        return f"{bucket()}/deep/runs"
    if request.param == "memory":
        return f"memory://{tmp_path.name}/runs"
    return f"{request.param if request.param == 'file://' else ''}{tmp_path}/runs"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


def test_what_was_put_there_comes_back(url: str, source: Path, tmp_path: Path) -> None:
    moved = []
    place = Place(url, lambda: moved.append(1))
    assert place.names() == []
    place.put(source, "run/checkpoints/a/part")
    place.write("run/index.json", b"{}")
    assert moved
    assert Place(url).names() == ["run"]
    assert Place(url).names("run") == ["checkpoints", "index.json"]
    assert place.read("run/index.json", 2) == b"{}"
    target = tmp_path / "target"
    Place(url).fetch("run/checkpoints/a/part", target)
    assert target.read_bytes() == source.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_what_is_not_there_is_missing_and_removing_it_is_no_error(url: str, tmp_path: Path) -> None:
    place = Place(url)
    place.write("kept", b"x")
    for name in ("nothing", "no/thing"):
        with pytest.raises(NotThereError, match=f"{name} isn't there"):
            place.read(name, 10)
        with pytest.raises(NotThereError):
            place.fetch(name, tmp_path / name.replace("/", "-"))
        place.remove(name)
    assert place.names("nothing") == []
    place.write("run/a/b", b"x")
    place.write("run/c", b"x")
    place.remove("run")
    place.remove("kept")
    assert place.names() == []


def test_a_file_that_is_too_large_is_not_read(url: str) -> None:
    place = Place(url)
    place.write("big", b"x" * 11)
    with pytest.raises(PlaceError, match="has 11 bytes, expected at most 10"):
        place.read("big", 10)


def test_files_of_a_folder_are_their_owners(tmp_path: Path, source: Path) -> None:
    place = Place(str(tmp_path / "runs"))
    place.put(source, "run/part")
    place.write("run/index", b"x")
    modes = {stat.S_IMODE((tmp_path / "runs" / "run" / name).stat().st_mode) for name in ("part", "index", "")}
    assert modes == {0o600, 0o700}


def test_a_drive_that_is_not_mounted_is_not_made(tmp_path: Path, source: Path) -> None:
    place = Place(str(tmp_path / "drive" / "runs"))
    for use in (place.names, lambda: place.put(source, "a"), lambda: place.write("a", b"x")):
        with pytest.raises(
            PlaceError, match=r"can't be reached: the folder .*/drive isn't there; is the drive mounted\?"
        ):
            use()
    assert not (tmp_path / "drive").exists()
    (tmp_path / "drive").mkdir()
    place.write("a", b"x")
    assert place.names() == ["a"]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to_says_so(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o500)
    with pytest.raises(PlaceError, match="Permission denied"):
        Place(str(tmp_path / "runs")).write("a", b"x")


def test_a_copy_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "runs"), lambda: 1 / 0)
    (tmp_path / "source").write_bytes(b"x")
    with pytest.raises(PlaceError, match="division by zero"):
        place.put(tmp_path / "source", "run/part")
    assert Place(str(tmp_path / "runs")).names("run") == []


def test_a_bucket_that_is_not_there_says_so(s3_bucket: Callable[[], str]) -> None:
    missing = f"{s3_bucket()}-missing/runs"
    with pytest.raises(PlaceError, match="s3://"):
        Place(missing).write("a", b"x")


def test_a_url_nobody_knows_is_refused() -> None:
    with pytest.raises(
        ConfigurationError, match=r"Expected a folder or a URL such as s3://BUCKET/FOLDER, got 's4://x'"
    ):
        check_url("s4://x")


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    # What was imported before is remembered.
    remembered = importlib.import_module("fsspec.registry").__dict__["_registry"]
    monkeypatch.delitem(remembered, "s3", raising=False)
    with pytest.raises(MissingPackageError, match=r'pip install "dltrainer-jupyter\[s3\]"'):
        Place("s3://bucket/runs")
