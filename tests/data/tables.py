"""Tiny files of tables, arrays and published data sets, in their real formats, and a server that gives them away."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import struct
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.data.files.downloading import Published

if TYPE_CHECKING:
    import pytest


def frame(count: int = 60) -> pd.DataFrame:
    """Make a table with numbers, text, groups and a column that says which part a row belongs to."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(size=count),
            "rooms": rng.integers(1, 6, count),
            "colour": rng.choice(["red", "blue"], count),
            "who": np.repeat(np.arange(count // 5), 5),
            "part": ["train"] * (count - 20) + ["val"] * 15 + ["test"] * 5,
            "kind": rng.choice(["cat", "dog"], count),
        }
    )


def csv(folder: Path) -> Path:
    frame().to_csv(folder / "x.csv", index=False)
    return folder / "x.csv"


def parquet(folder: Path) -> Path:
    frame().to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def images(count: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 28, 28), dtype=np.uint8), (np.arange(count) % 10).astype(np.uint8)


def npz(folder: Path) -> Path:
    x, y = images()
    np.savez(folder / "x.npz", x=x, y=y)
    return folder / "x.npz"


def hdf5(folder: Path) -> Path:
    import h5py

    x, y = images()
    with h5py.File(folder / "x.h5", "w") as file:
        file["x"], file["train/y"], file["y"] = x, y, np.array([b"cat", b"dog"] * (len(y) // 2))
    return folder / "x.h5"


def idx(array: np.ndarray) -> bytes:
    """Write bytes in MNIST's format."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def idx_files(folder: Path) -> tuple[Path, Path]:
    x, y = images()
    (folder / "images").write_bytes(idx(x))
    (folder / "labels.gz").write_bytes(gzip.compress(idx(y)))
    return folder / "images", folder / "labels.gz"


def cifar(folder: Path) -> Path:
    """Write CIFAR-10's batches, as Python 2 and later ones pickle them."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for protocol, name in zip((2, 3, 4, 5, 2, 2), names, strict=True):
        pixels = rng.integers(0, 256, (10, 3072), dtype=np.uint8)
        batch = {b"data": pixels, b"labels": list(range(10)), b"filenames": [b"x.png"] * 10}
        (folder / name).write_bytes(pickle.dumps(batch, protocol))
    (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": [b"plane", b"car", *[b"x"] * 8]}, 2))
    return folder


def packed_cifar(folder: Path) -> bytes:
    with tarfile.open(folder / "c.tar.gz", "w:gz") as archive:
        archive.add(cifar(folder / "batches"), "cifar-10-batches-py")
    return (folder / "c.tar.gz").read_bytes()


def published(monkeypatch: pytest.MonkeyPatch, name: str, folder: Path) -> dict[str, bytes]:
    """Let a published data set be a tiny one; give its files."""
    x, y = images()
    source = registry.find("data", name)
    files = {
        it.name: packed_cifar(folder) if name == "cifar10" else gzip.compress(idx(x if "images" in it.name else y))
        for it in source.files
    }
    tiny = [Published(it, len(data), hashlib.sha256(data).hexdigest()) for it, data in files.items()]
    monkeypatch.setattr(source, "files", tiny)
    return files


def in_cache(monkeypatch: pytest.MonkeyPatch, name: str, folder: Path) -> None:
    """Put the files of a published data set where they would be once they were fetched."""
    home = folder / "home"
    monkeypatch.setenv("DLTRAINER_HOME", str(home))
    there = home / "cache" / name
    there.mkdir(parents=True)
    for file, data in published(monkeypatch, name, folder).items():
        (there / file).write_bytes(data)


@dataclass
class Given:
    """What a server gives away, and what it was asked for."""

    url: str
    files: dict[str, bytes]
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Paths, and the ranges that were wanted."""
    stops_after: int | None = None
    """Bytes after which it hangs up."""
    tagged: bool = True
    """Whether it says what tells a file from another version."""


@contextmanager
def served(files: dict[str, bytes]) -> Iterator[Given]:
    """Serve files over HTTP, ranges and tags included."""

    class Gives(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            given.asked.append((self.path, wanted))
            data = files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Length", str(len(data) - start))
            if given.tagged:
                self.send_header("ETag", hashlib.sha256(data).hexdigest()[:8])
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):  # nobody wants the rest
                self.wfile.write(data[start : given.stops_after])

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gives)
    given = Given(f"http://127.0.0.1:{server.server_port}", files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield given
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
