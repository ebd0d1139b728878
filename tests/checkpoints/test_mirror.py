"""A copy counts when its index is there, and is checked when it is read."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from dltrainer_jupyter.checkpoints.format import write
from dltrainer_jupyter.checkpoints.manifest import MANIFEST, PARTS
from dltrainer_jupyter.checkpoints.mirror import Blob, Index, Piece, RunMirror, mirrored_runs
from dltrainer_jupyter.checkpoints.place import Place
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
