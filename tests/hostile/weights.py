"""Files of weights: PyTorch's pickles and archives, Keras' archives and HDF5, NumPy's, safetensors."""

from __future__ import annotations

import io
import json
import os
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

from tests.hostile.artefact import CANARY, HUGE, Place, hostile
from tests.hostile.checkpoints import tensor, tensors
from tests.hostile.pickles import load

REFUSED = "weights: "
CODE = "(weights|path): .*(code|run|os.system|system|word|pickle)"


def weights(path: Any) -> str:
    """Read weights, as every verb does that takes some."""
    from dltrainer_jupyter.weights.reading import read

    return f"read {sorted(read(str(path)).arrays)}"


def trained_from(path: Any) -> None:
    """Give them to a model of PyTorch's."""
    from dltrainer_jupyter import tal

    tal.load_weights(torch.nn.Linear(2, 2), str(path))


def unchecked(path: Any) -> Any:
    """Load a file of PyTorch's as everybody did for long."""
    return torch.load(path, weights_only=False)


def member(path: Any) -> Any:
    """Load the pickle in an archive."""
    with zipfile.ZipFile(path) as archive:
        return pickle.loads(archive.read(next(it for it in archive.namelist() if it.endswith("data.pkl"))))  # noqa: S301


@hostile("weights: a pickle that calls os.system, in .pt", trained_from, CODE, naive=unchecked)
def _(place: Place) -> Path:
    torch.save({"weight": torch.zeros(2, 2), "bias": place.evil()}, place.folder / "x.pt")
    return place.folder / "x.pt"


@hostile("weights: builtins.exec beside the arrays, in .pth", weights, CODE, naive=unchecked)
def _(place: Place) -> Path:
    torch.save(
        {"state_dict": {"weight": torch.zeros(2)}, "epoch": place.evil(exec, place.code)}, place.folder / "x.pth"
    )
    return place.folder / "x.pth"


@hostile("weights: a pickle alone, in .bin", weights, REFUSED, naive=load)
def _(place: Place) -> Path:
    (place.folder / "x.bin").write_bytes(pickle.dumps({"weight": place.evil()}))
    return place.folder / "x.bin"


@hostile("weights: PyTorch's format from before 1.6", weights, REFUSED, naive=unchecked)
def _(place: Place) -> Path:
    torch.save({"weight": place.evil()}, place.folder / "x.pt", _use_new_zipfile_serialization=False)
    return place.folder / "x.pt"


@hostile("weights: PyTorch's first format, a tar file", weights, REFUSED)
def _(place: Place) -> Path:
    path = place.folder / "x.pt"
    with tarfile.open(path, "w") as archive:
        for name in ("sys_info", "pickle", f"../{CANARY}"):
            info, data = tarfile.TarInfo(name), pickle.dumps(place.evil())
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@hostile("weights: a TorchScript archive with code", weights, f"{REFUSED}|read")
def _(place: Place) -> Path:
    class Small(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + 1

    torch.jit.script(Small()).save(str(place.folder / "x.pt"))
    with zipfile.ZipFile(place.folder / "x.pt", "a") as archive:
        archive.writestr("x/extra/constants.pkl", pickle.dumps(place.evil()))
    return place.folder / "x.pt"


@hostile("weights: code in the pickle of an object's state", weights, CODE, naive=unchecked)
def _(place: Place) -> Path:
    layer = torch.nn.Linear(2, 2)
    layer.hidden = place.evil(eval, place.code)
    torch.save(layer, place.folder / "x.pt")
    return place.folder / "x.pt"


@hostile("weights: an archive whose pickle becomes gigabytes", weights, REFUSED)
def _(place: Place) -> Path:
    path = place.folder / "x.pt"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x/data.pkl", "w", force_zip64=True) as file,
    ):
        for _ in range(1200):
            file.write(bytes(1 << 20))
    return path


@hostile(
    "weights: an array of objects in .npz", weights, REFUSED, naive=lambda path: np.load(path, allow_pickle=True)["w"]
)
def _(place: Place) -> Path:
    np.savez(place.folder / "x.npz", w=np.array([place.evil()], object))
    return place.folder / "x.npz"


@hostile("weights: zeros that become a gigabyte, in .npz", weights, REFUSED)
def _(place: Place) -> Path:
    np.savez_compressed(place.folder / "x.npz", w=np.zeros(1 << 30, np.uint8))
    return place.folder / "x.npz"


@hostile("weights: safetensors with a header of exabytes", weights, REFUSED)
def _(place: Place) -> Path:
    (place.folder / "x.safetensors").write_bytes(tensors({}, size=2**62))
    return place.folder / "x.safetensors"


@hostile("weights: safetensors that lie over each other", weights, REFUSED)
def _(place: Place) -> Path:
    data = tensors({"a": tensor([4], 0, 16), "b": tensor([4], 8, 24)}, bytes(24))
    (place.folder / "x.safetensors").write_bytes(data)
    return place.folder / "x.safetensors"


@hostile("weights: safetensors of four terabytes", weights, REFUSED)
def _(place: Place) -> Path:
    (place.folder / "x.safetensors").write_bytes(tensors({"a": tensor([4], 0, 16)}, bytes(16)))
    os.truncate(place.folder / "x.safetensors", HUGE)
    return place.folder / "x.safetensors"


@hostile("weights: a pipe that nobody writes to", weights, REFUSED)
def _(place: Place) -> Path:
    os.mkfifo(place.folder / "x.safetensors")
    return place.folder / "x.safetensors"


@hostile("weights: an index of shards that climbs out", weights, REFUSED)
def _(place: Place) -> Path:
    (place.folder.parent / f"{CANARY}.safetensors").unlink(missing_ok=True)
    index = {"weight_map": {"a": "../../../../etc/passwd", "b": "/etc/passwd"}}
    (place.folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return place.folder / "model.safetensors.index.json"


@hostile("weights: an index a hundred thousand lists deep", weights, REFUSED)
def _(place: Place) -> Path:
    (place.folder / "model.safetensors.index.json").write_text('{"weight_map": ' + "[" * 100_000)
    return place.folder / "model.safetensors.index.json"


def hdf5(path: Path) -> h5py.File:
    """Begin a file of weights as Keras lays them out."""
    return h5py.File(path, "w")


@hostile("weights: HDF5 with a link to another file", weights, REFUSED)
def _(place: Place) -> Path:
    with hdf5(place.folder / "x.weights.h5") as file:
        file.create_group("layers/dense/vars")["0"] = h5py.ExternalLink("/etc/other.h5", "x")
    return place.folder / "x.weights.h5"


@hostile("weights: HDF5 with values in a file of the system", weights, REFUSED)
def _(place: Place) -> Path:
    with hdf5(place.folder / "x.weights.h5") as file:
        file.create_group("layers/dense/vars").create_dataset("0", (4,), "u1", external=[("/etc/passwd", 0, 4)])
    return place.folder / "x.weights.h5"


@hostile("weights: HDF5 with a shape of an exabyte", weights, REFUSED)
def _(place: Place) -> Path:
    with hdf5(place.folder / "x.weights.h5") as file:
        file.create_group("layers/dense/vars").create_dataset("0", (4, 10**17), "f4", chunks=(1, 1024))
    return place.folder / "x.weights.h5"


def keras(place: Place, config: Any, **more: bytes) -> Path:
    """Write an archive as Keras does, with a sound file of weights."""
    written = io.BytesIO()
    with h5py.File(written, "w") as file:
        file.create_group("layers/dense/vars")["0"] = np.ones((2, 2), "f4")
    path = place.folder / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0.0"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", written.getvalue())
        for name, data in more.items():
            archive.writestr(name.replace("__", "/"), data)
    return path


def layer(**values: Any) -> dict[str, Any]:
    """Describe a model of one layer."""
    inner = {"registered_name": None, "name": "evil", **values}
    return {"module": "keras", "class_name": "Sequential", "config": {"layers": [inner]}, "registered_name": None}


@hostile("weights: .keras with a Lambda layer of bytecode", weights, "read")
def _(place: Place) -> Path:
    import base64
    import marshal

    body = base64.b64encode(marshal.dumps(compile(place.code, "x", "exec"))).decode()
    function = {"class_name": "__lambda__", "config": {"code": body, "defaults": None, "closure": None}}
    return keras(place, layer(module="keras.layers", class_name="Lambda", config={"function": function}))


@hostile("weights: .keras with a class of a module to import", weights, "read")
def _(place: Place) -> Path:
    (place.folder / "payload.py").write_text(place.code)
    return keras(place, layer(module="payload", class_name="Evil", config={}, registered_name="payload>Evil"))


@hostile("weights: .keras with the name of os.system", weights, "read")
def _(place: Place) -> Path:
    function = {"module": "os", "class_name": "function", "config": "system", "registered_name": "function"}
    return keras(place, layer(module="keras.layers", class_name="Activation", config={"activation": function}))


@hostile("weights: .keras with a member that climbs out", weights, f"{REFUSED}|read")
def _(place: Place) -> Path:
    return keras(place, layer(), **{f"..__..__{CANARY}": b""})


@hostile("weights: .keras whose weights become gigabytes", weights, REFUSED)
def _(place: Place) -> Path:
    path = place.folder / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(1200 << 20))
    return path
