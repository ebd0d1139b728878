"""Arrays in files, and CIFAR's pickles: what is refused takes no memory and runs no code."""

from __future__ import annotations

import gzip
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.cifar_pickles import read_batch
from dltrainer_jupyter.loop.parts import load_data
from tests.data import tables


def load(kind: str, path: Path, **settings: Any) -> Dataset:
    return load_data(RunSpec(model="mlp", data={"type": kind, "path": str(path), **settings}, validation=False), {})


def test_an_npz_file_gives_its_arrays(tmp_path: Path) -> None:
    x, y = tables.images()
    found = load("npz", tables.npz(tmp_path), scale=255)
    assert np.array_equal(found.train.inputs, x.astype(np.float32) / 255)
    np.savez(tmp_path / "four.npz", x=x, y=y, x_val=x[:5], y_val=y[:5])
    spec = RunSpec(model="mlp", data={"type": "npz", "path": str(tmp_path / "four.npz")})
    assert len(load_data(spec, {}).validation) == 5


def test_npz_files_that_are_none_are_refused(tmp_path: Path) -> None:
    x, y = tables.images()
    np.savez(tmp_path / "names.npz", x_train=x, y_train=y)
    np.savez(tmp_path / "objects.npz", x=x, y=np.array([object()] * len(y)))
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(300_000_000, np.uint8), y=y)
    whole = tables.npz(tmp_path).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    for name, message in {
        "names": "no array 'x'. It may be 'x_train'",
        "objects": "'y' in objects.npz holds Python objects",
        "bomb": r"'x' in bomb.npz becomes 1,0\d\d times larger",
        "cut": "cut.npz can't be read as an NPZ file",
        "none": "there is no file",
    }.items():
        with pytest.raises(ConfigurationError, match=message):
            load("npz", tmp_path / f"{name}.npz")


def test_an_hdf5_file_gives_its_arrays_and_nothing_of_other_files(tmp_path: Path) -> None:
    path = tables.hdf5(tmp_path)
    assert load("hdf5", path).signature.labels == ("cat", "dog")
    assert load("hdf5", path, y="train/y").signature.outputs == 10
    with h5py.File(path, "a") as file:
        file["external"] = h5py.ExternalLink("other.h5", "x")
        file["soft"] = h5py.SoftLink("/x")
        layout = h5py.VirtualLayout((20,), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "x", (20,))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("stored", (20,), "f4", external=[("/etc/hostname", 0, 80)])
        file.create_dataset("huge", (10**10,), "f4", chunks=True)
    for name, message in {
        "external": "is a link",
        "soft": "is a link",
        "virtual": "takes its values from other files",
        "stored": "takes its values from other files",
        "huge": "times larger",
        "xx": "no array 'xx'",
    }.items():
        with pytest.raises(ConfigurationError, match=message):
            load("hdf5", path, x=name)
    with pytest.raises(ConfigurationError, match="x.csv can't be read as HDF5"):
        load("hdf5", tables.csv(tmp_path))


def test_what_an_idx_file_says_of_its_size_is_checked_first(tmp_path: Path) -> None:
    x, y = tables.images()
    images, labels = tables.idx_files(tmp_path)
    found = load("idx", images, targets=str(labels))
    assert (found.signature.input_shape, found.train.inputs.max()) == ((1, 28, 28), 1.0)
    assert np.array_equal(found.train.targets, y)
    huge = bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 28, 28) + b"1234"
    for data, message in {
        tables.idx(x)[:-5]: "says that it holds 15,680 bytes of values .* but has 15,675",
        tables.idx(x) + b"1": "but has 15,681",
        huge: "but has 4",
        gzip.compress(huge): "1,683,627,180,032 bytes of values .* at most",
        gzip.compress(tables.idx(x))[:-20]: "damaged or was cut off",
        b"\x89PNG": "isn't an IDX file",
        b"": "isn't an IDX file",
    }.items():
        images.write_bytes(data)
        with pytest.raises(ConfigurationError, match=message):
            load("idx", images, targets=str(labels))


def test_cifar_is_read_from_a_folder_and_from_its_archive(tmp_path: Path) -> None:
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes(tables.packed_cifar(tmp_path))
    for path in (archive, tmp_path / "batches"):
        found = load("cifar", path)
        assert (len(found.train), found.signature.input_shape) == (50, (3, 32, 32))
        assert found.signature.labels[:2] == ("plane", "car")
        assert len(load("cifar", path, use="test").train) == 10


class Evil:
    def __init__(self, *call: Any) -> None:
        self.call = call

    def __reduce__(self) -> Any:
        return self.call[0], self.call[1:]


def test_a_pickle_runs_nothing_and_takes_no_memory(tmp_path: Path) -> None:
    canary = tmp_path / "ran"
    array = np.zeros(3, np.uint8)
    numpys = array.__reduce__()[0]
    for data in (
        pickle.dumps({b"data": Evil(os.system, f"touch {canary}")}, 2),
        pickle.dumps({b"data": Evil(eval, f"open({str(canary)!r}, 'w')")}, 4),
        pickle.dumps({b"data": np.array([Evil(os.system, f"touch {canary}")])}, 2),
        pickle.dumps({b"data": np.zeros(1, "M8[s]")}, 2),
        b"\x80\x02cbuiltins\neval\n.",
        b"\x80\x02}r\xff\xff\xff\x7fX\x01\x00\x00",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02cnumpy\ndtype\n}X\x01\x00\x00\x00aK\x01sb.",
        pickle.dumps({b"data": Evil(numpys, np.ndarray, (10**12,), b"b")}, 2),
        b"no pickle",
        b"",
        b"(" * 100_000,
    ):
        with pytest.raises(ConfigurationError, match="isn't one of CIFAR's batches"):
            read_batch(data, "data.path: x")
    assert not canary.exists()
    assert not hasattr(array.dtype, "a")
    for protocol in range(2, 6):
        read = read_batch(pickle.dumps({"data": np.arange(6).reshape(2, 3), "labels": [1, 2]}, protocol), "x")
        assert read["data"].tolist() == [[0, 1, 2], [3, 4, 5]]
