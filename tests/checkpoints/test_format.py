from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

from dltrainer_jupyter.checkpoints import arrays, format  # noqa: A004 - the module's own name
from dltrainer_jupyter.checkpoints.arrays import digest
from dltrainer_jupyter.checkpoints.format import FOLDER_NAME, TEMPORARY_NAME, folder_name, write
from dltrainer_jupyter.checkpoints.reader import load, verify
from dltrainer_jupyter.checkpoints.retention import sweep
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.failpoints import NAMES
from dltrainer_jupyter.core.protocols import FullState, RawArray


def test_a_checkpoint_comes_back(tmp_path, make_request):
    request = make_request(1204)
    written = write(tmp_path / "not" / "yet", request)
    assert written.path == tmp_path / "not" / "yet" / "step-000001204"
    state, manifest = load(written.path)
    assert digest(state.weights, state.optimizer) == manifest.digest
    assert manifest.digest == digest(request.state.weights, request.state.optimizer)
    assert state.meta == request.state.meta
    assert (manifest.step, manifest.epoch, manifest.signature) == (1204, 2, request.signature)
    assert manifest.versions == request.versions
    assert manifest.metrics["val_loss"] == 0.25
    assert written.bytes == sum(file.stat().st_size for file in written.path.iterdir())


def test_empty_groups_and_an_empty_rest_come_back(tmp_path, make_request):
    state, _ = load(write(tmp_path, make_request(0, state=FullState({}, {}, {}))).path)
    assert state == FullState({}, {}, {})


def test_nothing_but_the_parts_and_the_manifest_lies_in_the_folder(written):
    names = sorted(path.name for path in written.path.iterdir())
    assert names == ["manifest.json", "optimizer.safetensors", "state.json", "weights.safetensors"]
    assert [path.name for path in written.path.parent.iterdir()] == ["step-000000012"]


def test_names_are_recognised_and_others_are_not():
    assert FOLDER_NAME.fullmatch(folder_name(0))
    assert FOLDER_NAME.fullmatch(folder_name(12_345_678_901))
    assert FOLDER_NAME.fullmatch("step-000000001-2")
    assert FOLDER_NAME.fullmatch(folder_name(1, attempt=12))
    for name in ("step-1", "step-000000001-copy", "step-000000001 ", ".writing-step-000000001", "notes"):
        assert not FOLDER_NAME.fullmatch(name)
        assert not TEMPORARY_NAME.fullmatch(name)


def test_the_same_step_again_gets_a_folder_of_its_own(tmp_path, make_request):
    first = write(tmp_path, make_request(7, seed=1))
    before = {file.name: (file.stat().st_ino, file.read_bytes()) for file in first.path.iterdir()}
    second, third = write(tmp_path, make_request(7, seed=2)), write(tmp_path, make_request(7, seed=3))
    assert [path.path.name for path in (second, third)] == ["step-000000007-2", "step-000000007-3"]
    assert {file.name: (file.stat().st_ino, file.read_bytes()) for file in first.path.iterdir()} == before
    assert len({verify(path.path).digest for path in (first, second, third)}) == 3


def test_a_file_or_link_that_bears_the_name_is_left_alone(tmp_path, make_request):
    (tmp_path / "step-000000007").write_bytes(b"mine")
    (tmp_path / "step-000000007-2").symlink_to("nowhere")
    assert write(tmp_path, make_request(7)).path.name == "step-000000007-3"
    assert (tmp_path / "step-000000007").read_bytes() == b"mine"


def test_files_are_flushed_before_the_name_and_the_name_before_the_row(tmp_path, make_request, monkeypatch):
    calls = []
    fsync, rename = os.fsync, Path.rename

    def noting_fsync(descriptor):
        calls.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noting_rename(path, target):
        calls.append(f"rename to {Path(target).name}")
        return rename(path, target)

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc to see which file is flushed")
    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "rename", noting_rename)
    write(tmp_path, make_request(7))
    folder = next(name for name in calls if name.startswith(".writing"))
    assert calls == [
        "weights.safetensors",
        "optimizer.safetensors",
        "state.json",
        "manifest.json",
        folder,
        "rename to step-000000007",
        tmp_path.name,
    ]


def refuse(number):
    def broken(*_):
        raise OSError(number, os.strerror(number))

    return broken


def refuse_in_rust(number):
    def broken(*_):
        message = f"Error while serializing: I/O error: {os.strerror(number)} (os error {number})"
        raise SafetensorError(message)

    return broken


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("place", ["arrays", "write", "first fsync", "folder's fsync", "rename"])
def test_a_disk_error_leaves_the_earlier_ones_and_nothing_else(tmp_path, make_request, monkeypatch, place, number):
    earlier = write(tmp_path, make_request(1))
    if place == "arrays":
        monkeypatch.setattr(arrays, "serialize_file", refuse_in_rust(number))
    elif place == "write":
        monkeypatch.setattr(os, "write", refuse(number))
    elif place == "first fsync":
        monkeypatch.setattr(arrays, "sync_file", refuse(number))
    elif place == "folder's fsync":
        monkeypatch.setattr(format, "sync_folder", refuse(number))
    else:
        monkeypatch.setattr(Path, "rename", refuse(number))
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        write(tmp_path, make_request(2))
    assert caught.value.errno == number
    assert list(tmp_path.iterdir()) == [earlier.path]
    verify(earlier.path)


def test_a_state_that_cant_be_written_leaves_nothing(tmp_path, make_request):
    state = FullState({}, {}, {"callback": object()})
    with pytest.raises(CheckpointError, match=r"meta\.callback is a object"):
        write(tmp_path, make_request(2, state=state))
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import errno, resource, sys
from pathlib import Path
from dltrainer_jupyter.checkpoints.format import Request, write
from dltrainer_jupyter.core.protocols import FullState, RawArray, Signature

folder, where = Path(sys.argv[1]), sys.argv[2]
big, small = RawArray("U8", (50_000,), bytes(50_000)), RawArray("U8", (5,), bytes(5))

def state(where):
    return FullState(
        {"w": big if where == "weights" else small},
        {"w": big if where == "optimizer" else small},
        {"x": "x" * 50_000 if where == "state" else ""},
    )

def request(step, where):
    return Request(state(where), step, 1, frozenset(), {}, Signature("regression", (1,), 1), {})

write(folder, request(1, "nowhere"))
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write(folder, request(2, where))
except OSError as error:
    assert error.errno == errno.EFBIG, error
    print("refused")
"""


@pytest.mark.parametrize("where", ["weights", "optimizer", "state"])
def test_a_real_limit_reached_in_the_middle_of_a_file(tmp_path, run_script, where):
    ended = run_script(LIMITED, tmp_path, where)
    assert ended.stdout == "refused\n", ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000001"]
    verify(tmp_path / "step-000000001")


KILLED = """
import os, sys
from pathlib import Path
from dltrainer_jupyter.checkpoints.format import Request
from dltrainer_jupyter.checkpoints.writer import CheckpointWriter
from dltrainer_jupyter.core.protocols import FullState, RawArray, Signature

folder = Path(sys.argv[1])
rows = os.open(folder / "rows", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

def commit(written):
    os.write(rows, (written.path.name + "\\n").encode())

def failed(request, error):
    raise error

with CheckpointWriter(folder, commit, failed) as writer:
    for step in (1, 2, 3):
        state = FullState({"w": RawArray("I64", (), step.to_bytes(8, "little"))}, {}, {"step": step})
        request = Request(state, step, 1, frozenset({"last"}), {}, Signature("regression", (1,), 1), {})
        writer.submit(request).wait(60)
"""


# The row is the store's, and the keeper's to commit.
OF_THE_WRITER = [name for name in NAMES if name.startswith("checkpoint.") and name != "checkpoint.row_committed"]


@pytest.mark.parametrize("failpoint", OF_THE_WRITER)
def test_killed_anywhere_the_earlier_one_stays_and_the_rest_is_swept(tmp_path, run_script, failpoint):
    ended = run_script(KILLED, tmp_path, failpoint=f"{failpoint}:2")
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    rows = (tmp_path / "rows").read_text().split()
    committed = 2 if failpoint == "checkpoint.committed" else 1
    assert rows == [folder_name(step) for step in range(1, committed + 1)]
    rubbish = [path for path in tmp_path.iterdir() if path.is_dir() and path.name not in rows]
    assert len(rubbish) == 2 - committed
    assert sorted(sweep(tmp_path, rows, 1)) == sorted(rubbish)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows", *rows]
    for step, name in enumerate(rows, start=1):
        state, manifest = load(tmp_path / name)
        assert (state.meta["step"], manifest.step, bytes(state.weights["w"].data)[0]) == (step, step, step)


def test_a_large_array_is_not_copied_while_it_is_written(tmp_path, run_script):
    script = """
import resource, sys
from pathlib import Path
import numpy as np
from dltrainer_jupyter.checkpoints.format import Request, write
from dltrainer_jupyter.core.protocols import FullState, RawArray, Signature

values = np.ones(16_000_000, "<f4")
state = FullState({"w": RawArray("F32", values.shape, values.data)}, {}, {})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write(Path(sys.argv[1]), Request(state, 1, 1, frozenset(), {}, Signature("regression", (1,), 1), {}))
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(grown // (1024 if sys.platform == "linux" else 1 << 20))
"""
    ended = run_script(script, tmp_path)
    assert int(ended.stdout) < 20, ended.stderr  # MB, of 64 written


def test_bfloat16_and_a_number_alone_come_back(tmp_path, make_request):
    half = np.array([1.5, -2.0], "<f4").view("<u2")[1::2]
    weights = {"net.half": RawArray("BF16", (2,), half.tobytes()), "net.one": RawArray("F64", (), b"\0" * 8)}
    state, _ = load(write(tmp_path, make_request(1, state=FullState(weights, {}, {}))).path)
    assert {name: (a.dtype, a.shape, bytes(a.data)) for name, a in state.weights.items()} == {
        name: tuple(a) for name, a in weights.items()
    }
