"""Pickles, which are programs: as CIFAR's batches, and under the names of other formats."""

from __future__ import annotations

import copyreg
import io
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.hostile.artefact import Place, hostile
from tests.hostile.verbs import predicted, trained_on

CIFAR = "isn't one of CIFAR's batches.*nothing of it was run"


def load(path: Any) -> Any:
    """Load a pickle as most programs do."""
    return pickle.loads(Path(path).read_bytes(), encoding="bytes")  # noqa: S301 - it is to do what it says


def naive_batch(path: Any) -> Any:
    """Load a batch of CIFAR as its authors' page says."""
    return load(Path(path) / "data_batch_1")


def batch(place: Place, data: Any, protocol: int = 2) -> Path:
    """Write the folder of batches; the first is ours."""
    written = data if isinstance(data, bytes) else pickle.dumps(data, protocol)
    plain = pickle.dumps({b"data": np.zeros((10, 3072), np.uint8), b"labels": list(range(10))}, 2)
    names = pickle.dumps({b"label_names": [f"{number}".encode() for number in range(10)]}, 2)
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        (place.folder / name).write_bytes(written if name == "data_batch_1" else plain)
    (place.folder / "batches.meta").write_bytes(names)
    return place.folder


def _torch(path: Any) -> Any:
    return torch.load(path, weights_only=False)


def _pair(path: Any) -> Any:
    return np.load(path, allow_pickle=True)["y"]


@hostile("cifar: os.system in a batch", trained_on("cifar"), CIFAR, naive=naive_batch)
def _(place: Place) -> Path:
    return batch(place, {b"data": place.evil(), b"labels": []})


@hostile("cifar: builtins.eval in a batch", trained_on("cifar"), CIFAR, naive=naive_batch)
def _(place: Place) -> Path:
    return batch(place, {b"data": place.evil(eval, place.code)}, 4)


@hostile("cifar: builtins.exec by name, without a class", trained_on("cifar"), CIFAR, naive=naive_batch)
def _(place: Place) -> Path:
    return batch(place, b"\x80\x02cbuiltins\nexec\n(X" + _text(place.code) + b"tR.")


@hostile("cifar: code within an array of objects", trained_on("cifar"), CIFAR, naive=naive_batch)
def _(place: Place) -> Path:
    return batch(place, {b"data": np.array([place.evil()], object)})


@hostile("cifar: code by the number of an extension", trained_on("cifar"), CIFAR, naive=None)
def _(place: Place) -> Path:
    copyreg.add_extension("os", "system", 77)
    return batch(place, b"\x80\x02\x82\x4d(X" + _text(place.command) + b"tR.")


@hostile("cifar: an attribute of an attribute of a harmless word", trained_on("cifar"), CIFAR, naive=naive_batch)
def _(place: Place) -> Path:
    # Since protocol 4 a name may lead through what a module has imported itself.
    written = b"\x80\x04\x8c\x06shutil\x8c\x09os.system\x93(X" + _text(place.command) + b"tR."
    return batch(place, written)


@hostile("cifar: a memo that asks for gigabytes", trained_on("cifar"), CIFAR)
def _(place: Place) -> Path:
    return batch(place, b"\x80\x02}r\xff\xff\xff\x7fX\x01\x00\x00")


@hostile("cifar: a bytearray of eight exabytes", trained_on("cifar"), CIFAR)
def _(place: Place) -> Path:
    return batch(place, b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.")


@hostile("cifar: a hundred thousand lists in one another", trained_on("cifar"), CIFAR)
def _(place: Place) -> Path:
    return batch(place, b"\x80\x02" + b"(" * 100_000 + b"l" * 100_000 + b".")


@hostile("cifar: an array of a terabyte without its bytes", trained_on("cifar"), CIFAR)
def _(place: Place) -> Path:
    rebuild = np.zeros(3, np.uint8).__reduce__()[0]
    return batch(place, {b"data": place.evil(rebuild, np.ndarray, (10**12,), b"b"), b"labels": []})


@hostile("cifar: code in the archive as it is published", trained_on("cifar"), CIFAR)
def _(place: Place) -> Path:
    batch(place, {b"data": place.evil()})
    target = place.folder / "cifar-10-python.tar.gz"
    with tarfile.open(target, "w:gz") as archive:
        for path in sorted(place.folder.iterdir()):
            if path != target:
                archive.add(path, f"cifar-10-batches-py/{path.name}")
    return target


@hostile("npz: a file of PyTorch's with code, renamed", trained_on("npz"), "no array 'x'", naive=_torch)
def _(place: Place) -> Path:
    torch.save({"x": torch.zeros(2), "y": place.evil()}, place.folder / "x.npz")
    return place.folder / "x.npz"


@hostile("npz: a member that is a pickle", trained_on("npz"), "damaged|can't be read")
def _(place: Place) -> Path:
    with zipfile.ZipFile(place.folder / "x.npz", "w") as archive:
        archive.writestr("x.npy", pickle.dumps(place.evil()))
        archive.writestr("y.npy", _npy(np.zeros(3)))
    return place.folder / "x.npz"


@hostile("npz: targets that are objects", trained_on("npz"), "'y' in x.npz holds Python objects", naive=_pair)
def _(place: Place) -> Path:
    np.savez(place.folder / "x.npz", x=np.zeros((3, 2)), y=np.array([place.evil(), 1, 2], object))
    return place.folder / "x.npz"


@hostile(
    "predict: an array of objects", predicted, "Object arrays", naive=lambda path: np.load(path, allow_pickle=True)
)
def _(place: Place) -> Path:
    np.save(place.folder / "x.npy", np.array([place.evil()], object))
    return place.folder / "x.npy"


@hostile(
    "predict: a pickle called .npy",
    predicted,
    "expected numbers as numpy.save",
    naive=lambda path: np.load(path, allow_pickle=True),
)
def _(place: Place) -> Path:
    (place.folder / "x.npy").write_bytes(pickle.dumps(place.evil()))
    return place.folder / "x.npy"


@hostile("predict: a model of PyTorch's as input", predicted, "expected a file that ends in", naive=_torch)
def _(place: Place) -> Path:
    torch.save(place.evil(), place.folder / "x.pt")
    return place.folder / "x.pt"


def _npy(array: Any) -> bytes:
    written = io.BytesIO()
    np.save(written, array)
    return written.getvalue()


def _text(text: str) -> bytes:
    return len(text.encode()).to_bytes(4, "little") + text.encode()
