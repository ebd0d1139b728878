from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from dltrainer_jupyter.checkpoints import reader
from dltrainer_jupyter.checkpoints.disk import PartRecord, write_file
from dltrainer_jupyter.checkpoints.format import write
from dltrainer_jupyter.checkpoints.manifest import PARTS, render
from dltrainer_jupyter.checkpoints.reader import load, load_weights, newest_valid, read_manifest, verify
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import FullState

FILES = (*PARTS, "manifest.json")


def pick(path: Path, chance: random.Random) -> tuple[Path, bytes]:
    file = path / chance.choice(FILES)
    return file, file.read_bytes()


def refused_by_all(path: Path, file: Path) -> None:
    for read in (verify, load):
        with pytest.raises(CheckpointError) as caught:
            read(path)
        assert file.name in str(caught.value)
        assert str(path) in str(caught.value)
    if file.name in ("weights.safetensors", "manifest.json"):
        with pytest.raises(CheckpointError, match=file.name):
            load_weights(path)
    else:
        load_weights(path)


def test_200_truncations_are_detected(written):
    chance = random.Random(1)
    for _ in range(200):
        file, whole = pick(written.path, chance)
        file.write_bytes(whole[: chance.randrange(len(whole))])
        refused_by_all(written.path, file)
        file.write_bytes(whole)
    verify(written.path)


def test_200_flipped_bits_are_detected(written):
    chance = random.Random(2)
    for _ in range(200):
        file, whole = pick(written.path, chance)
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        refused_by_all(written.path, file)
        file.write_bytes(whole)
    verify(written.path)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_longer_file_is_detected(written, name):
    file = written.path / name
    whole = file.read_bytes()
    file.write_bytes(whole + b"\0")
    refused_by_all(written.path, file)
    file.unlink()
    refused_by_all(written.path, file)


@pytest.mark.parametrize("name", FILES)
def test_a_link_or_pipe_in_a_files_place_is_refused_and_not_waited_for(written, tmp_path, name):
    file = written.path / name
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    refused_by_all(written.path, file)
    file.unlink()
    os.mkfifo(file)
    refused_by_all(written.path, file)


def test_a_missing_folder_says_so(tmp_path):
    with pytest.raises(CheckpointError, match="no such folder"):
        verify(tmp_path / "step-000000001")


def test_whole_checkpoints_are_read_alike_by_all(written):
    state, manifest = load(written.path)
    weights, same = load_weights(written.path)
    assert weights == state.weights
    for other in (same, verify(written.path), read_manifest(written.path)):
        assert render(other) == render(manifest) == render(written.manifest)


def test_a_file_of_an_absurd_size_is_refused_unread(written, monkeypatch):
    part = written.manifest.parts["weights.safetensors"]
    parts = {**written.manifest.parts, "weights.safetensors": PartRecord(10**18, part.sha256)}
    (written.path / "manifest.json").write_bytes(render(replace(written.manifest, parts=parts)))
    monkeypatch.setattr(reader, "open_regular", only_the_manifest)
    for read in (verify, load, load_weights):
        with pytest.raises(CheckpointError, match="its manifest says 1000000000000000000"):
            read(written.path)


def only_the_manifest(path):
    assert path.name == "manifest.json"
    return path.open("rb")


def test_a_manifest_of_an_absurd_size_is_refused_unread(written, monkeypatch):
    os.truncate(written.path / "manifest.json", 10**12)
    monkeypatch.setattr(reader, "open_regular", lambda _: pytest.fail("it was opened"))
    with pytest.raises(CheckpointError, match="expected at most"):
        read_manifest(written.path)


def test_a_file_that_shrinks_while_it_is_read_is_detected(written, monkeypatch):
    monkeypatch.setattr(reader, "_size", lambda path, name: (path / name).stat().st_size + (name == "manifest.json"))
    with pytest.raises(CheckpointError, match=r"manifest\.json is damaged: it ended after"):
        load(written.path)


def with_part(written, name, data):
    """Make a checkpoint whose manifest vouches for something nobody of us wrote."""
    (written.path / name).unlink()
    record = write_file(written.path / name, data)
    parts = {**written.manifest.parts, name: record}
    (written.path / "manifest.json").write_bytes(render(replace(written.manifest, parts=parts)))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("weights.safetensors", b"\xff\xff\xff\xff\xff\xff\xff\x7f{}"),
        (
            "optimizer.safetensors",
            b'\x3c\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}}',
        ),
        ("state.json", b"[1]"),
        ("state.json", b'{"a":{"$array":{"dtype":"<f8","shape":[1000000000000],"data":""}}}'),
        ("state.json", b"{"),
    ],
)
def test_contents_nobody_of_us_wrote_are_refused_although_vouched_for(written, name, data):
    with_part(written, name, data)
    verify(written.path)
    with pytest.raises(CheckpointError, match=name):
        load(written.path)


def test_falling_back_names_each_one_passed_over(tmp_path, make_request):
    paths = [write(tmp_path, make_request(step)).path for step in (4, 3, 2, 1)]
    (paths[0] / "weights.safetensors").write_bytes(b"")
    (paths[1] / "manifest.json").unlink()
    passed = []
    assert newest_valid(paths, lambda path, error: passed.append((path, str(error)))) == paths[2]
    assert [path for path, _ in passed] == paths[:2]
    assert "weights.safetensors is damaged" in passed[0][1]
    assert "manifest.json is missing" in passed[1][1]


def test_where_nothing_is_valid_there_is_nothing_to_fall_back_to(tmp_path):
    passed = []
    assert newest_valid([tmp_path / "gone"], lambda path, _: passed.append(path)) is None
    assert passed == [tmp_path / "gone"]


def test_a_reader_of_the_older_one_is_not_disturbed_by_the_same_step(tmp_path, make_request):
    older = write(tmp_path, make_request(5, seed=1))
    manifest = read_manifest(older.path)
    write(tmp_path, make_request(5, seed=2, state=FullState({}, {}, {})))
    assert render(verify(older.path)) == render(manifest)
