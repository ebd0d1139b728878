from __future__ import annotations

import hashlib
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load_file

from dltrainer_jupyter.checkpoints import arrays as module
from dltrainer_jupyter.checkpoints.arrays import DTYPES, digest, read_arrays, write_arrays
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import RawArray

BITS = {dtype: int(re.sub(r"^(BF|[A-Z])|_.*", "", dtype)) for dtype in DTYPES if dtype != "BOOL"} | {"BOOL": 8}


def filled(dtype: str, shape: tuple[int, ...], start: int = 0) -> RawArray:
    size = int(np.prod(shape)) * BITS[dtype] // 8
    return RawArray(dtype, shape, bytes((start + index) % (2 if dtype == "BOOL" else 256) for index in range(size)))


def plain(arrays):
    return {name: (array.dtype, array.shape, bytes(array.data)) for name, array in arrays.items()}


def round_trip(folder, arrays):
    path = folder / "x.safetensors"
    path.unlink(missing_ok=True)
    record = write_arrays(path, arrays)
    data = path.read_bytes()
    assert (record.size, record.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    return read_arrays(data)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (2,), (3, 0, 2), (2, 3, 4), (1, 1, 1, 1, 1, 1)])
def test_every_dtype_and_shape_comes_back(tmp_path, dtype, shape):
    if dtype == "F4" and (not shape or shape[-1] % 2):
        shape = (*shape, 2)
    arrays = {"a": filled(dtype, shape)}
    assert plain(round_trip(tmp_path, arrays)) == plain(arrays)


def test_all_dtypes_together_and_odd_names_come_back(tmp_path):
    arrays = {f"net.{dtype}": filled(dtype, (3, 2), start) for start, dtype in enumerate(DTYPES)}
    arrays |= {"": filled("F32", ()), "ü/../\\\n\0\"'": filled("I64", (1,)), "n" * 300_000: filled("F64", (2,))}
    assert plain(round_trip(tmp_path, arrays)) == plain(arrays)


def test_an_empty_group_comes_back(tmp_path):
    assert round_trip(tmp_path, {}) == {}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda name: name != "__metadata__"),
        st.builds(
            filled,
            st.sampled_from([dtype for dtype in DTYPES if dtype != "F4"]),
            st.lists(st.integers(0, 4), max_size=3).map(tuple),
            st.integers(0, 255),
        ),
        max_size=6,
    )
)
def test_any_group_comes_back(tmp_path_factory, arrays):
    assert plain(round_trip(tmp_path_factory.getbasetemp(), arrays)) == plain(arrays)


def test_other_programs_read_the_file(tmp_path):
    values = np.arange(6, dtype="<f4").reshape(2, 3)
    write_arrays(tmp_path / "x.safetensors", {"w": RawArray("F32", (2, 3), values.data)})
    assert np.array_equal(load_file(tmp_path / "x.safetensors")["w"], values)


@pytest.mark.parametrize("dtype", ["<f4", "<c8", "<f2", "?"])
def test_a_view_of_an_array_is_written_without_a_copy_of_its_own_making(tmp_path, dtype):
    values = np.ones((3, 2), dtype)
    name = {"<f4": "F32", "<c8": "C64", "<f2": "F16", "?": "BOOL"}[dtype]
    arrays = {"w": RawArray(name, (3, 2), memoryview(values)), "none": RawArray(name, (0, 2), memoryview(values[:0]))}
    assert bytes(round_trip(tmp_path, arrays)["w"].data) == values.tobytes()


def test_what_is_read_is_owned_and_may_be_written_to(tmp_path):
    data = round_trip(tmp_path, {"w": filled("U8", (4,))})["w"].data
    data[0] = 99
    assert list(data) == [99, 1, 2, 3]


def test_the_file_is_its_owners_only(tmp_path):
    write_arrays(tmp_path / "x", {})
    assert (tmp_path / "x").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("a", RawArray("f32", (1,), b"1234"), "dtype 'f32'.*Did you mean 'F32'"),
        ("a", RawArray("float32", (1,), b"1234"), "dtype 'float32'"),
        ("a", RawArray("F32", (2,), b"1234"), "don't fit its 4 bytes"),
        ("a", RawArray("F32", (-1, -1), b"1234"), "don't fit"),
        ("a", RawArray("F4", (3,), b"12"), "don't fit"),
        ("a", RawArray("F4", (2, 1), b"1"), "last axis"),
        ("a", RawArray("F64", (2,), memoryview(np.zeros(4))[::2]), "not contiguous"),
        ("__metadata__", RawArray("F32", (1,), b"1234"), "another name"),
        ("\ud800", RawArray("F32", (1,), b"1234"), "another name"),
    ],
)
def test_what_cant_be_written_is_refused_by_name(tmp_path, name, array, message):
    with pytest.raises(CheckpointError, match=message):
        write_arrays(tmp_path / "x", {name: array})
    assert list(tmp_path.iterdir()) == []


def test_a_header_too_long_to_be_read_again_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LONGEST_HEADER", 1_000)
    with pytest.raises(CheckpointError, match="at most 1000"):
        write_arrays(tmp_path / "x", {"n" * 1_000: filled("F32", ())})


@pytest.mark.parametrize("number", [5, 28])
def test_errors_of_the_disk_keep_their_number(tmp_path, monkeypatch, number):
    def broken(*_):
        message = f"Error while serializing: I/O error: something (os error {number})"
        raise SafetensorError(message)

    monkeypatch.setattr(module, "serialize_file", broken)
    with pytest.raises(OSError, match=r"x\.safetensors") as caught:
        write_arrays(tmp_path / "x.safetensors", {})
    assert caught.value.errno == number


def test_an_error_of_the_library_itself_is_ours(tmp_path, monkeypatch):
    def broken(*_):
        message = "no idea"
        raise SafetensorError(message)

    monkeypatch.setattr(module, "serialize_file", broken)
    with pytest.raises(CheckpointError, match="no idea"):
        write_arrays(tmp_path / "x", {})


@pytest.mark.parametrize("keep", [0, 4, 20, -3])
def test_a_disk_that_kept_less_than_it_said_is_noticed(tmp_path, monkeypatch, keep):
    honest = module.serialize_file

    def short(tensors, path):
        honest(tensors, path)
        path.write_bytes(path.read_bytes()[:keep])

    monkeypatch.setattr(module, "serialize_file", short)
    with pytest.raises(CheckpointError, match="came out"):
        write_arrays(tmp_path / "x", {"a": filled("F32", (3,)), "b": filled("F32", ())})


@pytest.mark.parametrize(
    "other", [{"a": filled("I32", (3,))}, {"a": filled("F32", (3, 1))}, {"b": filled("F32", (3,))}]
)
def test_a_file_that_describes_something_else_is_noticed(tmp_path, monkeypatch, other):
    honest = module.serialize_file
    specs = {name: module._spec(array, module._flat(name, array)) for name, array in other.items()}
    monkeypatch.setattr(module, "serialize_file", lambda _, path: honest(specs, path))
    with pytest.raises(CheckpointError, match="x came out with"):
        write_arrays(tmp_path / "x", {"a": filled("F32", (3,))})


def test_a_disk_that_stored_other_bytes_is_not_vouched_for(tmp_path, monkeypatch):
    honest = module.serialize_file

    def lying(tensors, path):
        honest(tensors, path)
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)

    monkeypatch.setattr(module, "serialize_file", lying)
    record = write_arrays(tmp_path / "x", {"a": filled("F32", (3,))})
    assert record.sha256 != hashlib.sha256((tmp_path / "x").read_bytes()).hexdigest()


@pytest.mark.parametrize("data", [b"", b"\xff" * 16, b"\x08\0\0\0\0\0\0\0[       ", b"\x02\0\0\0\0\0\0\0{}extra"])
def test_reading_something_else_is_refused(data):
    with pytest.raises(CheckpointError, match="expected safetensors"):
        read_arrays(data)


def test_the_digest_is_what_it_was_in_the_first_version():
    weights = {"net.w": RawArray("F32", (2,), b"12345678"), "net.b": RawArray("BF16", (), b"ab")}
    optimizer = {"main.net.w.step": RawArray("I64", (), b"12345678")}
    by_hand = hashlib.sha256(
        b'["optimizer", "main.net.w.step", "I64", []]\n12345678'
        b'["weights", "net.b", "BF16", []]\nab'
        b'["weights", "net.w", "F32", [2]]\n12345678'
    ).hexdigest()
    assert digest(weights, optimizer) == by_hand


def test_the_digest_knows_order_no_and_everything_else_yes():
    one, other = RawArray("F32", (2,), b"12345678"), RawArray("F32", (2,), b"12345679")
    base = digest({"a": one, "b": other}, {})
    assert digest({"b": other, "a": one}, {}) == base
    assert digest({"a": one._replace(data=memoryview(bytearray(one.data))), "b": other}, {}) == base
    different = [
        digest({"a": other, "b": one}, {}),
        digest({"a": one}, {"b": other}),
        digest({"a": one, "c": other}, {}),
        digest({"a": one, "b": other._replace(shape=(1, 2))}, {}),
        digest({"a": one, "b": other._replace(dtype="I32")}, {}),
        digest({"a": one}, {}),
        digest({}, {}),
    ]
    assert len({base, *different}) == len(different) + 1
