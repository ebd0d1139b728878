"""Files to predict from."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltrainer_jupyter.cli.inputs import read_input
from dltrainer_jupyter.core.errors import ConfigurationError

X = np.arange(6, dtype="float32").reshape(2, 3)


def test_npy(tmp_path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.testing.assert_array_equal(read_input(str(tmp_path / "x.npy")), X)


@pytest.mark.parametrize("arrays", [{"anything": X}, {"x": X, "y": X + 1}])
def test_npz(tmp_path, arrays) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    np.testing.assert_array_equal(read_input(str(tmp_path / "x.npz")), X)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=width, max_size=width), min_size=1
        )
    ),
    st.booleans(),
)
def test_csv(tmp_path, rows, header) -> None:
    lines = [",".join(map(repr, row)) for row in rows]
    if header:
        lines.insert(0, ",".join(f"column {at}" for at in range(len(rows[0]))))
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n\n")
    np.testing.assert_array_equal(read_input(str(tmp_path / "x.csv")), np.array(rows))


def write_pickle(path) -> None:
    path.write_bytes(pickle.dumps([1, 2]))


def write_objects(path) -> None:
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)


def write_nothing(path) -> None:
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "write", "message"),
    [
        ("x.npy", write_pickle, "expected numbers as numpy.save or numpy.savez writes them"),
        ("x.npy", write_objects, "expected numbers as numpy.save or numpy.savez writes them"),
        ("x.npy", lambda path: path.write_bytes(b""), "expected numbers as numpy.save"),
        ("x.npy", lambda path: np.save(path, np.array(["a"])), "expected numbers, got an array of <U1"),
        ("x.npz", lambda path: path.write_bytes(b"PK\x03\x04nothing"), "expected numbers as numpy.save"),
        ("x.npz", lambda path: np.savez(path, a=X, b=X), "expected one array, or one called 'x', got a, b"),
        ("x.npz", np.savez, "expected one array, or one called 'x', got none"),
        (
            "x.csv",
            lambda path: path.write_text("a,b\n1,2\n3\n"),
            "line 3: expected 2 values as in the first row, got 1",
        ),
        ("x.csv", lambda path: path.write_text("1,2\n3,x\n"), "line 2, column 2: expected a number, got 'x'"),
        ("x.csv", lambda path: path.write_text("a,b\n"), "expected rows of numbers, found none"),
        ("x.csv", lambda path: path.write_text(""), "expected rows of numbers, found none"),
        ("x.csv", lambda path: path.write_bytes(b"\xff\xfe1,2"), "expected a CSV file in UTF-8"),
        ("x.npy", write_nothing, "can't be read: No such file or directory"),
        ("x.npy", lambda path: path.mkdir(), "can't be read: Is a directory"),
        ("x.png", write_nothing, "expected a file that ends in .npy, .npz, .csv"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_clearly(tmp_path, name, write, message) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(ConfigurationError) as caught:
        read_input(str(path))
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
