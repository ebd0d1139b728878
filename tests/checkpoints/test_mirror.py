"""A copy counts when its index is there, and is checked when it is read."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from dltrainer_jupyter.checkpoints.format import write
from dltrainer_jupyter.checkpoints.manifest import MANIFEST, PARTS
from dltrainer_jupyter.checkpoints.mirror import RunMirror, mirrored_runs
from dltrainer_jupyter.checkpoints.mirror_index import Blob, Index, Piece
from dltrainer_jupyter.checkpoints.place import Place, PlaceError
from dltrainer_jupyter.checkpoints.reader import load
from dltrainer_jupyter.core.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.checkpoints.conftest import MakeRequest

EMPTY = Index(1, 1, "store", "host", "now", {"run": {"name": "digits"}}, {}, (), None)


@pytest.fixture
def mirror(tmp_path: Path) -> RunMirror:
    return RunMirror(Place(str(tmp_path / "there")), "4f1c9a")


def _files(tmp_path: Path) -> set[str]:
    root = tmp_path / "there" / "4f1c9a"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def _damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_checkpoint_comes_back_as_it_was(mirror: RunMirror, tmp_path: Path, make_request: MakeRequest) -> None:
    path = write(tmp_path / "run", make_request()).path
    name = mirror.put_checkpoint(path)
    back = mirror.fetch_checkpoint(name, tmp_path / "back")
    assert back == tmp_path / "back" / path.name
    assert load(back) == load(path)
    # What is here already, and whole, is not fetched again.
    before = (back / MANIFEST).stat()
    assert mirror.fetch_checkpoint(name, tmp_path / "back") == back
    assert (back / MANIFEST).stat() == before


def test_another_checkpoint_of_the_same_name_stays(
    mirror: RunMirror, tmp_path: Path, make_request: MakeRequest
) -> None:
    first, second = (write(tmp_path / place, make_request(seed=seed)).path for seed, place in enumerate("ab"))
    name = mirror.put_checkpoint(second)
    back = mirror.fetch_checkpoint(name, first.parent)
    assert back == first.with_name(f"{first.name}-2")
    assert load(back) == load(second) != load(first)
    assert mirror.fetch_checkpoint(name, first.parent) == back


@pytest.mark.parametrize("part", [*PARTS, MANIFEST])
@pytest.mark.parametrize("how", ["damaged", "missing"])
def test_a_damaged_checkpoint_is_not_brought_back(
    mirror: RunMirror, tmp_path: Path, make_request: MakeRequest, part: str, how: str
) -> None:
    name = mirror.put_checkpoint(write(tmp_path / "run", make_request()).path)
    file = tmp_path / "there" / "4f1c9a" / "checkpoints" / name / part
    _damage(file) if how == "damaged" else file.unlink()
    with pytest.raises(CheckpointError, match=rf"{part}"):
        mirror.fetch_checkpoint(name, tmp_path / "back")
    assert list((tmp_path / "back").iterdir()) == []


def test_a_damaged_checkpoint_is_not_copied(mirror: RunMirror, tmp_path: Path, make_request: MakeRequest) -> None:
    path = write(tmp_path / "run", make_request()).path
    _damage(path / PARTS[0])
    with pytest.raises(CheckpointError, match="is damaged"):
        mirror.put_checkpoint(path)
    assert mirror.place.names() == []


def test_two_indexes_stay_with_all_they_name(mirror: RunMirror, tmp_path: Path, make_request: MakeRequest) -> None:
    (tmp_path / "objects.pkl").write_bytes(b"objects")
    objects = mirror.put_objects(tmp_path / "objects.pkl")
    names = []
    for step in (1, 2, 3):
        names.append(mirror.put_checkpoint(write(tmp_path / "run", make_request(step)).path))
        piece = Piece(mirror.put_piece(f"{step}", b"%d" % step), step, 0, 0)
        index = dataclasses.replace(
            EMPTY, number=step, checkpoints={names[-1]: {}}, history=(piece,), objects=objects if step == 1 else None
        )
        mirror.put_index(index)
    assert mirror.index() == index
    assert mirrored_runs(mirror.place) == ["4f1c9a"]
    kept = {file.split("/")[1] for file in _files(tmp_path) if "/" in file and file.startswith("check")}
    assert kept == set(names[1:])
    assert len(mirror.place.names("4f1c9a/history")) == 2
    assert sorted(file for file in _files(tmp_path) if "/" not in file) == [
        "index-000001-000000002.json",
        "index-000001-000000003.json",
    ]


def test_what_was_cut_off_on_its_way_is_sent_again(
    mirror: RunMirror, tmp_path: Path, make_request: MakeRequest
) -> None:
    """Where a file system gives a file its name before all of it is there."""
    path = write(tmp_path / "run", make_request()).path
    (tmp_path / "objects.pkl").write_bytes(b"objects")
    name, objects = mirror.put_checkpoint(path), mirror.put_objects(tmp_path / "objects.pkl")
    for file in (f"checkpoints/{name}/{PARTS[0]}", f"checkpoints/{name}/{MANIFEST}", objects.name):
        there = tmp_path / "there" / "4f1c9a" / file
        there.write_bytes(there.read_bytes()[:5])
    assert mirror.put_checkpoint(path) == name
    assert load(mirror.fetch_checkpoint(name, tmp_path / "back")) == load(path)
    mirror.put_objects(tmp_path / "objects.pkl")
    mirror.fetch_objects(objects, tmp_path / "back.pkl")


def test_what_is_there_is_not_sent_again(mirror: RunMirror, tmp_path: Path, make_request: MakeRequest) -> None:
    path = write(tmp_path / "run", make_request()).path
    name = mirror.put_checkpoint(path)
    weights = tmp_path / "there" / "4f1c9a" / "checkpoints" / name / PARTS[0]
    before = weights.stat()
    mirror.put_checkpoint(path)
    assert weights.stat() == before


def test_nothing_goes_while_an_index_that_counts_is_damaged(mirror: RunMirror, tmp_path: Path) -> None:
    """What it named isn't known; it may be the only one that names it."""
    for step in (1, 2, 3):
        piece = Piece(mirror.put_piece(f"{step}", b"%d" % step), step, 0, 0)
        mirror.put_index(dataclasses.replace(EMPTY, number=step, history=(piece,)))
    _damage(tmp_path / "there" / "4f1c9a" / "index-000001-000000003.json")
    before = _files(tmp_path)
    mirror.put_index(dataclasses.replace(EMPTY, number=4))
    assert _files(tmp_path) == before | {"index-000001-000000004.json"}
    mirror.sweep()
    assert _files(tmp_path) == before | {"index-000001-000000004.json"}
    mirror.put_index(dataclasses.replace(EMPTY, number=5))
    mirror.sweep()
    assert _files(tmp_path) == {"index-000001-000000004.json", "index-000001-000000005.json"}


def test_removing_that_is_cut_short_leaves_what_is_whole_or_nothing(
    mirror: RunMirror, tmp_path: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = mirror.put_checkpoint(write(tmp_path / "run", make_request()).path)
    for number in (1, 2):
        mirror.put_index(dataclasses.replace(EMPTY, number=number, checkpoints={name: {}}))
    remove, removed = Place.remove, 0

    def remove_once(place: Place, path: str) -> None:
        nonlocal removed
        if removed:
            msg = "gone"
            raise PlaceError(msg)
        remove(place, path)
        removed += 1

    monkeypatch.setattr(Place, "remove", remove_once)
    left = []
    while mirror.place.names():
        removed = 0
        with contextlib.suppress(PlaceError):
            mirror.remove("store")
        left.append(mirror.index())
        if left[-1] is not None:
            mirror.fetch_checkpoint(name, tmp_path / f"back-{len(left)}")
    assert [index and index.number for index in left] == [2, None, None]


def test_what_another_store_goes_on_with_is_not_removed(mirror: RunMirror, tmp_path: Path) -> None:
    mirror.put_index(EMPTY)
    before = _files(tmp_path)
    mirror.remove("another")
    assert _files(tmp_path) == before
    # Nor what a newer version has left, of which nobody here can tell whose it is.
    mirror.put_index(dataclasses.replace(EMPTY, attempt=2, format=99))
    (tmp_path / "there" / "4f1c9a" / EMPTY.name).unlink()
    before = _files(tmp_path)
    mirror.remove("store")
    assert _files(tmp_path) == before


def test_two_may_bring_the_same_checkpoint_at_once(
    mirror: RunMirror, tmp_path: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "run", make_request()).path
    name = mirror.put_checkpoint(path)
    fetch = Place.fetch

    def fetch_after_somebody_else(place: Place, *rest: Any) -> None:
        monkeypatch.setattr(Place, "fetch", fetch)
        RunMirror(place, mirror.run_id).fetch_checkpoint(name, tmp_path / "back")
        fetch(place, *rest)

    monkeypatch.setattr(Place, "fetch", fetch_after_somebody_else)
    assert load(mirror.fetch_checkpoint(name, tmp_path / "back")) == load(path)
    assert [it.name for it in (tmp_path / "back").iterdir()] == [path.name]


def test_a_damaged_index_falls_back_to_the_one_before(mirror: RunMirror, tmp_path: Path) -> None:
    mirror.put_index(EMPTY)
    mirror.put_index(dataclasses.replace(EMPTY, number=2))
    _damage(tmp_path / "there" / "4f1c9a" / "index-000001-000000002.json")
    told: list[str] = []
    assert mirror.index(told.append) == EMPTY
    assert len(told) == 1
    assert "index-000001-000000002.json is damaged" in told[0]


def test_an_index_that_says_something_else_is_damaged_too(mirror: RunMirror, tmp_path: Path) -> None:
    mirror.put_index(EMPTY)
    file = tmp_path / "there" / "4f1c9a" / EMPTY.name
    file.write_bytes(file.read_bytes().replace(b"digits", b"digitz"))
    told: list[str] = []
    assert mirror.index(told.append) is None
    assert "its checksum does not fit its content" in told[0]


def test_a_later_attempt_counts_whatever_its_number(mirror: RunMirror) -> None:
    mirror.put_index(dataclasses.replace(EMPTY, number=40))
    later = dataclasses.replace(EMPTY, attempt=2)
    mirror.put_index(later)
    assert mirror.index() == later


def test_an_index_of_a_newer_version_is_told_apart_from_damage(mirror: RunMirror) -> None:
    mirror.put_index(dataclasses.replace(EMPTY, format=99))
    told: list[str] = []
    assert mirror.index(told.append) is None
    assert "format 99" in told[0]
    assert "upgrade dltrainer-jupyter" in told[0]


def test_what_a_dead_writer_left_is_swept(mirror: RunMirror, tmp_path: Path, make_request: MakeRequest) -> None:
    kept = mirror.put_checkpoint(write(tmp_path / "run", make_request(1)).path)
    mirror.put_index(dataclasses.replace(EMPTY, checkpoints={kept: {}}))
    before = _files(tmp_path)
    mirror.put_checkpoint(write(tmp_path / "run", make_request(2)).path)
    mirror.put_piece("2", b"x")
    mirror.place.write("4f1c9a/.objects-77ab01cd.pkl-1f0c9a3e", b"x")
    assert _files(tmp_path) != before
    mirror.sweep()
    assert _files(tmp_path) == before


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a/../../b", "/etc/passwd", "..", ".hidden/../x", "a\nb"])
def test_names_that_lead_elsewhere_are_refused(mirror: RunMirror, tmp_path: Path, name: str) -> None:
    blob = Blob(name, "0" * 64)
    for fetch in (
        lambda: mirror.fetch_checkpoint(name, tmp_path / "back"),
        lambda: mirror.fetch_objects(blob, tmp_path / "objects.pkl"),
        lambda: mirror.piece(Piece(blob, 0, 0, 0)),
    ):
        with pytest.raises(CheckpointError, match="name"):
            fetch()


def test_damaged_pieces_and_objects_are_refused(mirror: RunMirror, tmp_path: Path) -> None:
    (tmp_path / "objects.pkl").write_bytes(b"objects")
    objects, piece = mirror.put_objects(tmp_path / "objects.pkl"), mirror.put_piece("1", b"piece")
    root = tmp_path / "there" / "4f1c9a"
    _damage(root / objects.name)
    _damage(root / "history" / piece.name)
    with pytest.raises(CheckpointError, match="SHA-256"):
        mirror.fetch_objects(objects, tmp_path / "back.pkl")
    with pytest.raises(CheckpointError, match="SHA-256"):
        mirror.piece(Piece(piece, 1, 0, 0))
    assert not (tmp_path / "back.pkl").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"index": 1, "checksum": ""}', "x" * 9, '{"index": "{}"}'])
def test_anything_else_is_no_index(mirror: RunMirror, text: str) -> None:
    mirror.place.write("4f1c9a/index-000001-000000001.json", text.encode())
    told: list[str] = []
    assert mirror.index(told.append) is None
    assert len(told) == 1


def test_an_index_is_readable_by_people(mirror: RunMirror) -> None:
    mirror.put_index(EMPTY)
    text = mirror.place.read("4f1c9a/index-000001-000000001.json", 10_000)
    assert json.loads(json.loads(text)["index"])["run"] == {"run": {"name": "digits"}}
