"""Files of weights: each format as its own program writes it."""

import hashlib
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.weights.raw import cast, to_numpy
from dltrainer_jupyter.weights.reading import look, read

ARRAYS = {"a.weight": np.arange(6, dtype="f4").reshape(2, 3), "a.count": np.array(7)}


def same(found, expected=ARRAYS):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        read_back = to_numpy(found[name])
        assert read_back.dtype == array.dtype
        assert read_back.shape == array.shape
        assert np.array_equal(read_back, array)


def refusal(path, **options):
    with pytest.raises(ConfigurationError) as refused:
        read(str(path), **options)
    message = str(refused.value)
    assert "\n" not in message
    assert message.startswith("weights")
    return message


# --- what is well -------------------------------------------------------------------------------------


def test_safetensors(tmp_path):
    safetensors.numpy.save_file(ARRAYS, tmp_path / "a.safetensors")
    found = read(str(tmp_path / "a.safetensors"))
    same(found.arrays)
    assert found.digest == hashlib.sha256((tmp_path / "a.safetensors").read_bytes()).hexdigest()


def test_sharded_safetensors(tmp_path):
    for number, name in enumerate(ARRAYS):
        safetensors.numpy.save_file({name: ARRAYS[name]}, tmp_path / f"model-{number}.safetensors")
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {name: f"model-{at}.safetensors" for at, name in enumerate(ARRAYS)}}))
    same(read(str(index)).arrays)
    same(read(str(tmp_path)).arrays)
    index.write_text(json.dumps({"weight_map": {"a": "../model-0.safetensors"}}))
    assert "names '../model-0.safetensors'; expected the name of a .safetensors file beside it" in refusal(index)
    index.write_text(json.dumps({"weight_map": {"b": "model-0.safetensors"}}))
    assert "lists b, which isn't in model-0.safetensors" in refusal(index)
    index.write_text("[]")
    assert "is no index of a sharded model" in refusal(index)


def test_npz(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", **ARRAYS)
    same(read(str(tmp_path / "a.npz")).arrays)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("within", [None, "state_dict", "model"])
def test_torch(tmp_path, within, zipped):
    state = {name: torch.from_numpy(array) for name, array in ARRAYS.items()}
    whole = state if within is None else {within: state, "epoch": 3, "optimizer": {"lr": 0.1}}
    torch.save(whole, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    same(read(str(tmp_path / "a.pth")).arrays)


def test_torch_keeps_bfloat16(tmp_path):
    torch.save({"a": torch.tensor([1.5, -2.0], dtype=torch.bfloat16)}, tmp_path / "a.pt")
    raw = read(str(tmp_path / "a.pt")).arrays["a"]
    assert raw.dtype == "BF16"
    assert to_numpy(cast(raw, "F32")).tolist() == [1.5, -2.0]


def test_transposed_and_shared_tensors(tmp_path):
    base = torch.arange(6.0).reshape(2, 3)
    torch.save({"a": base.T, "b": base}, tmp_path / "a.pt")
    same(read(str(tmp_path / "a.pt")).arrays, {"a": base.T.numpy(), "b": base.numpy()})


def test_what_checksum_says(tmp_path):
    np.savez(tmp_path / "a.npz", **ARRAYS)
    digest = hashlib.sha256((tmp_path / "a.npz").read_bytes()).hexdigest()
    same(read(str(tmp_path / "a.npz"), sha256=digest).arrays)
    assert refusal(tmp_path / "a.npz", sha256="0" * 64).startswith("weights.sha256: expected 000000")


def test_formats_fit_frameworks(tmp_path):
    for name in ("a.pt", "a.keras", "a.safetensors", "a.txt"):
        (tmp_path / name).touch()
    look(str(tmp_path / "a.pt"), "pytorch")
    look(str(tmp_path / "a.safetensors"), "jax")
    with pytest.raises(ConfigurationError, match=r"weights: a.keras holds weights as another framework than pytorch"):
        look(str(tmp_path / "a.keras"), "pytorch")
    with pytest.raises(ConfigurationError, match=r"expected a file that ends in .safetensors, .*, got 'a.txt'"):
        look(str(tmp_path / "a.txt"), "pytorch")
    with pytest.raises(ConfigurationError, match=r"there is no file .*b.pt. Did you mean 'a.pt'"):
        look(str(tmp_path / "b.pt"), "pytorch")


# --- what is not --------------------------------------------------------------------------------------


class Evil:
    def __reduce__(self):
        return os.mkdir, ("/tmp/weights-ran-code",)  # noqa: S108 - never made


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_refused(tmp_path, zipped, protocol):
    path = tmp_path / "a.pt"
    torch.save({"a": Evil()}, path, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    assert "holds objects or code" in refusal(path)
    assert not os.path.exists("/tmp/weights-ran-code")  # noqa: PTH110, S108


def test_a_plain_pickle_and_a_whole_model_are_refused(tmp_path):
    (tmp_path / "a.bin").write_bytes(pickle.dumps(Evil()))
    assert "holds objects or code" in refusal(tmp_path / "a.bin")
    torch.save(nn.Linear(2, 2), tmp_path / "b.pt")
    assert "expected tensors by name, as torch.save(model.state_dict(), file)" in refusal(tmp_path / "b.pt")


def test_memory_is_not_given_to_what_a_pickle_asks_for(tmp_path):
    class Large:
        def __reduce__(self):
            return bytearray, (2**50,)

    torch.save({"a": Large()}, tmp_path / "a.pt")
    assert "holds objects or code" in refusal(tmp_path / "a.pt")


def test_a_few_values_are_not_taken_for_many(tmp_path):
    torch.save({"a": torch.zeros(1).expand(2**50)}, tmp_path / "a.pt")
    assert "'a' in a.pt says that it has more values than there are" in refusal(tmp_path / "a.pt")


@pytest.mark.parametrize("name", ["a.pt", "a.npz", "a.safetensors", "a.h5", "a.keras"])
@pytest.mark.parametrize(
    "content", [b"", b"nonsense" * 10, b"PK\x03\x04", b"\x80\x02."], ids=["empty", "text", "zip", "pickle"]
)
def test_what_is_no_such_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert name in refusal(tmp_path / name)


def test_what_was_cut_off(tmp_path):
    torch.save({"a": torch.zeros(100)}, tmp_path / "a.pt")
    torch.save({"a": torch.zeros(100)}, tmp_path / "b.pt", _use_new_zipfile_serialization=False)
    np.savez(tmp_path / "a.npz", a=np.zeros(100))
    safetensors.numpy.save_file({"a": np.zeros(100)}, tmp_path / "a.safetensors")
    for path in sorted(tmp_path.iterdir()):
        path.write_bytes(path.read_bytes()[:-100])
        assert path.name in refusal(path)


def test_objects_in_npz_are_refused(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.array([Evil()], dtype=object))
    assert "'a' in a.npz holds Python objects" in refusal(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", a=np.array(["text"]))
    assert "'a' in a.npz holds <U4; expected numbers" in refusal(tmp_path / "a.npz")


@pytest.mark.parametrize("name", ["a.npz", "a.pt", "a.keras"])
def test_zip_bombs_are_refused(tmp_path, name):
    inner = {"a.npz": "a.npy", "a.pt": "archive/data.pkl", "a.keras": "model.weights.h5"}[name]
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (2**29,)})
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(inner, "w") as file:
        file.write(head.getvalue())
        for _ in range(2**9):
            file.write(bytes(2**20))
    assert "becomes" in refusal(tmp_path / name)
    assert "as files do that are made to fill memory" in refusal(tmp_path / name)


def safetensors_of(header, data=b""):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    "content",
    [
        (2**60).to_bytes(8, "little") + b"{}",
        (100).to_bytes(8, "little") + b"{}",
        safetensors_of({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)),
        safetensors_of({"a": {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 4]}}, bytes(4)),
        safetensors_of(
            {
                "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
                "b": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]},
            },
            bytes(12),
        ),
        safetensors_of({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(8)),
    ],
    ids=["header too long", "header cut off", "shape", "large shape", "overlap", "more than told"],
)
def test_damaged_safetensors(tmp_path, content):
    (tmp_path / "a.safetensors").write_bytes(content)
    assert "a.safetensors can't be read" in refusal(tmp_path / "a.safetensors")


def test_what_is_no_regular_file(tmp_path):
    os.mkfifo(tmp_path / "a.pt")
    assert "got a pipe or a device" in refusal(tmp_path / "a.pt")
    (tmp_path / "b").mkdir()
    assert "which has 0; name the file" in refusal(tmp_path / "b")
