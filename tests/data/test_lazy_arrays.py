"""Arrays of which samples are read from the disk: where they lie in their file, or from a copy."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from sklearn.datasets import load_digits

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Dataset
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.files.array_on_disk import array_on_disk
from dltrainer_jupyter.data.files.fetching import cache_folder
from dltrainer_jupyter.data.files.npz import NPZ
from dltrainer_jupyter.data.lazy.stream import LazyStream
from dltrainer_jupyter.loop.parts import load_data
from tests.chaos.outcome import outcome

X, Y = load_digits().images[:300, None], load_digits().target[:300]


def npz(path: Path) -> Path:
    np.savez(path / "x.npz", x=X, y=Y)
    return path / "x.npz"


def packed(path: Path) -> Path:
    np.savez_compressed(path / "p.npz", x=X.astype(">f4"), y=Y)
    return path / "p.npz"


def columns(path: Path) -> Path:
    """Write columns one after the other, as those of a data frame are."""
    np.savez(path / "f.npz", x=np.asfortranarray(X.astype(np.float32)), y=Y)
    return path / "f.npz"


def hdf5(path: Path) -> Path:
    with h5py.File(path / "x.h5", "w") as file:
        file["x"], file["y"] = X, Y
    return path / "x.h5"


def chunked(path: Path) -> Path:
    with h5py.File(path / "c.h5", "w") as file:
        file.create_dataset("x", data=X, chunks=(7, 1, 8, 8), compression="gzip")
        file["y"], file["x_val"], file["y_val"] = Y, X[:50], Y[:50]
    return path / "c.h5"


def settings(path: Path, *, lazy: Any, **changes: Any) -> dict[str, Any]:
    return {"type": {".npz": "npz", ".h5": "hdf5"}[path.suffix], "path": str(path), "lazy": lazy, **changes}


def load(path: Path, *, lazy: Any = True, **changes: Any) -> Dataset:
    return load_data(RunSpec(model="mlp", data=settings(path, lazy=lazy, **changes)), {})


def copies() -> list[Path]:
    return list(cache_folder("rows").glob("*/rows.npy"))


@pytest.mark.parametrize("write", [npz, packed, columns, hdf5, chunked])
def test_a_run_gives_the_same_bits(write: Any, tmp_path: Path) -> None:
    path = write(tmp_path)
    runs = [
        tal.train(
            model={"type": "mlp", "hidden": [8]},
            data=settings(path, lazy=lazy, scale=16),
            preprocessing=[{"type": "resize", "size": 6}],
            epochs=2,
            threads=1,
            executor="inline",
            verbose=False,
        )
        for lazy in (True, False)
    ]
    found, expected = map(outcome, runs)
    assert runs[0].state == "completed", runs[0].error
    assert (found["digest"], found["history"]) == (expected["digest"], expected["history"])
    assert load(path).signature.raw == load(path, lazy=False).signature.raw
    # What lies in its file as it is needs no copy.
    assert bool(copies()) == (write in (packed, columns, chunked))


def test_what_is_learnt_piece_by_piece_is_what_is_learnt_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltrainer_jupyter.data.stored.rows.TOGETHER", 5000)
    kept, lazy = (load(npz(tmp_path), lazy=it, standardize=True) for it in (False, True))
    steps, expected = lazy.signature.preprocessing[-1], kept.signature.preprocessing[-1]
    np.testing.assert_allclose(steps["mean"], expected["mean"], rtol=1e-13)
    np.testing.assert_allclose(steps["deviation"], expected["deviation"], rtol=1e-13)
    flat = tmp_path / "flat.npz"
    np.savez(flat, x=X.reshape(300, 64) + 1e6, y=Y)
    kept, lazy = (load(flat, lazy=it, standardize=True) for it in (False, True))
    np.testing.assert_allclose(
        lazy.signature.preprocessing[-1]["deviation"], kept.signature.preprocessing[-1]["deviation"], rtol=1e-9
    )


def test_what_is_wrong_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = X.copy()
    bad[[7, 9], 0, 0, 0] = np.nan
    np.savez(tmp_path / "nan.npz", x=bad, y=Y)
    for lazy in (True, False):
        with pytest.raises(ConfigurationError, match=r"2 of 300 samples hold .* NaN .*first is sample 7"):
            load(tmp_path / "nan.npz", lazy=lazy)
    whole = npz(tmp_path).read_bytes()
    at = whole.index(X[20].tobytes())
    (tmp_path / "turned.npz").write_bytes(whole[:at] + b"\x01" + whole[at + 1 :])
    with pytest.raises(ConfigurationError, match="Bad CRC-32"):
        load(tmp_path / "turned.npz")
    np.savez(tmp_path / "text.npz", x=np.array([["a"]] * 300), y=Y)
    with pytest.raises(ConfigurationError, match="inputs: expected numbers, got <U1"):
        load(tmp_path / "text.npz")
    np.savez(tmp_path / "short.npz", x=X, y=Y[:-1])
    with pytest.raises(ConfigurationError, match="300 inputs and 299 targets"):
        load(tmp_path / "short.npz")
    for x, y, message in (
        (np.float32(1), Y, "expected an array with an entry a sample"),
        (X[:0], Y[:0], "the data set is empty"),
        (X[:, :, :0], Y, "inputs hold no values"),
        (X[:, 0, 0, 0], Y, "inputs need an axis for samples and at least one more"),
        (X, np.full(300, -1), "class numbers count from 0"),
    ):
        np.savez(tmp_path / "odd.npz", x=x, y=y)
        with pytest.raises(ConfigurationError, match=message):
            load(tmp_path / "odd.npz")
    assert not copies()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(ConfigurationError, match="p.npz needs 75.0 kB"):
        load(packed(tmp_path))


def test_a_file_that_somebody_writes_to_meanwhile_ends_the_run_and_not_the_process(tmp_path: Path) -> None:
    path = npz(tmp_path)
    found = load(path)
    assert isinstance(found.train, LazyStream)
    batches = found.train.epoch(1, 0)
    next(batches)
    np.savez(path, x=X[:10], y=Y[:10])
    with pytest.raises(ConfigurationError, match="was changed while it is read; start again"):
        list(found.train.epoch(2, 0))


def test_what_a_member_begins_with_is_where_the_archive_says(tmp_path: Path) -> None:
    """A field behind the name, which other programs write, moves the values."""
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in (("x", X), ("y", Y)):
            written = io.BytesIO()
            np.save(written, array)
            info = zipfile.ZipInfo(f"{name}.npy")
            info.extra = b"\xfe\xca\x05\x0012345"
            archive.writestr(info, written.getvalue())
    kept, lazy = load(path, lazy=False), load(path)
    order = lazy.train._order(1)
    inputs = np.concatenate([batch[0] for batch in lazy.train.epoch(1, 0)])
    assert np.array_equal(inputs[np.argsort(order)], kept.train.inputs)


def test_what_does_not_fit_is_lazy_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = npz(tmp_path)
    assert not isinstance(load(path, lazy="auto").train, LazyStream)
    monkeypatch.setattr("dltrainer_jupyter.data.files.bounds.free_memory", lambda: 100_000)
    found = load(path, lazy="auto")
    assert isinstance(found.train, LazyStream)
    assert found.notices()[0].startswith("x.npz is read from the disk when its samples are due: it takes about 457")
    with pytest.raises(ConfigurationError, match=r"while it is prepared, and .* read rows when they are due"):
        load(path, lazy=False)


def test_a_number_that_float32_does_not_hold_is_refused_before_anything_starts(tmp_path: Path) -> None:
    inputs = np.ones((500, 4))
    inputs[444, 2] = 1e39
    np.savez(tmp_path / "x.npz", x=inputs, y=np.arange(500) % 2)
    with pytest.raises(ConfigurationError, match=r"1 of 500 samples hold .* \(the first is sample 444\)"):
        load(tmp_path / "x.npz")


def test_a_file_that_grows_while_its_layout_is_told_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = npz(tmp_path)
    source = NPZ(NPZ.Config(path=str(path)))
    layout = source.layout

    def told(path: Path, name: str) -> Any:
        found = layout(path, name)
        np.savez(path, x=np.concatenate([X, X]), y=np.concatenate([Y, Y]))
        return found

    monkeypatch.setattr(source, "layout", told)
    with pytest.raises(ConfigurationError, match="x.npz was changed while it was read; start again when it is whole"):
        array_on_disk(source, path, "x", say=False)
