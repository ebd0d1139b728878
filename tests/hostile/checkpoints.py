"""Checkpoints that vouch for themselves and mean harm."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dltrainer_jupyter import tal
from dltrainer_jupyter.checkpoints import manifest
from tests.hostile.artefact import HUGE, Place, hostile
from tests.hostile.verbs import RUN

WEIGHTS, STATE, MANIFEST = "weights.safetensors", "state.json", "manifest.json"


def own(place: Place) -> Path:
    """Bring the prepared run into a home of its own; give the folder of its last checkpoint."""
    mirror = Path(os.environ["DLTRAINER_HOME"]) / "mirror"
    os.environ["DLTRAINER_HOME"] = str(place.folder / "home")
    [run] = tal.restore(mirror)
    return Path(run.checkpoints[-1].path)


def given(place: Place) -> str:
    """Name the home."""
    return str(place.folder / "home")


def predicting(home: Any) -> None:
    """Predict by the last checkpoint."""
    os.environ["DLTRAINER_HOME"] = home
    tal.get(RUN).last.predict(np.zeros((1, 64), np.float32))


def resuming(home: Any) -> None:
    """Go on from the last checkpoint."""
    os.environ["DLTRAINER_HOME"] = home
    run = tal.get(RUN)
    run.resume(epochs=2, executor="inline")
    run.wait(60)


def sealed_anew(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change a manifest, and let it vouch for itself again."""
    body = json.loads((path / MANIFEST).read_text())["manifest"]
    change(body)
    (path / MANIFEST).write_bytes(manifest._sealed(body))


def vouched(path: Path, part: str, data: bytes) -> None:
    """Put another file in a part's place, and let the manifest vouch for it."""
    (path / part).write_bytes(data)
    about = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    sealed_anew(path, lambda body: body["parts"].update({part: about}))


def tensors(header: dict[str, Any] | bytes, data: bytes = b"", size: int | None = None) -> bytes:
    """Write a safetensors file by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + data


def tensor(shape: list[int], start: int, end: int) -> dict[str, Any]:
    """Describe an array."""
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}


@hostile("checkpoint: a manifest that names a file elsewhere", predicting, "names the files")
def _(place: Place) -> str:
    path = own(place)
    sealed_anew(path, lambda body: body["parts"].update({"../../../../etc/passwd": body["parts"].pop(WEIGHTS)}))
    return given(place)


@hostile("checkpoint: a manifest a hundred thousand lists deep", predicting, "manifest.json is damaged")
def _(place: Place) -> str:
    (own(place) / MANIFEST).write_text('{"manifest": ' + "[" * 100_000)
    return given(place)


@hostile("checkpoint: a manifest of four terabytes", predicting, "expected at most")
def _(place: Place) -> str:
    os.truncate(own(place) / MANIFEST, HUGE)
    return given(place)


@hostile("checkpoint: weights that say they have a terabyte", predicting, "its manifest says")
def _(place: Place) -> str:
    sealed_anew(own(place), lambda body: body["parts"][WEIGHTS].update(size=2**40))
    return given(place)


@hostile("checkpoint: weights of four terabytes of holes", predicting, "its manifest says")
def _(place: Place) -> str:
    os.truncate(own(place) / WEIGHTS, HUGE)
    return given(place)


@hostile("checkpoint: weights that are a link", predicting, "can't be read|damaged")
def _(place: Place) -> str:
    path = own(place)
    data = (path / WEIGHTS).read_bytes()
    (path / WEIGHTS).unlink()
    (place.folder / "elsewhere").write_bytes(data)
    (path / WEIGHTS).symlink_to(place.folder / "elsewhere")
    return given(place)


@hostile("checkpoint: weights that are a pipe", predicting, "can't be read|damaged")
def _(place: Place) -> str:
    path = own(place)
    (path / WEIGHTS).unlink()
    os.mkfifo(path / WEIGHTS)
    sealed_anew(path, lambda body: body["parts"][WEIGHTS].update(size=0))
    return given(place)


@hostile("checkpoint: a header of exabytes", predicting, "expected safetensors")
def _(place: Place) -> str:
    vouched(own(place), WEIGHTS, tensors({}, size=2**62))
    return given(place)


@hostile("checkpoint: a header of a hundred thousand lists", predicting, "expected safetensors")
def _(place: Place) -> str:
    vouched(own(place), WEIGHTS, tensors(b"[" * 100_000))
    return given(place)


@hostile("checkpoint: arrays that lie over each other", predicting, "expected safetensors")
def _(place: Place) -> str:
    vouched(own(place), WEIGHTS, tensors({"a": tensor([4], 0, 16), "b": tensor([4], 8, 24)}, bytes(24)))
    return given(place)


@hostile("checkpoint: an array larger than its bytes", predicting, "expected safetensors")
def _(place: Place) -> str:
    vouched(own(place), WEIGHTS, tensors({"a": tensor([2**31, 2**31], 0, 16)}, bytes(16)))
    return given(place)


@hostile("checkpoint: arrays that were cut off", predicting, "expected safetensors")
def _(place: Place) -> str:
    vouched(own(place), WEIGHTS, tensors({"a": tensor([1000], 0, 4000)}, bytes(16)))
    return given(place)


@hostile("checkpoint: arrays of another model", predicting, "model")
def _(place: Place) -> str:
    vouched(own(place), WEIGHTS, tensors({"a": tensor([4], 0, 16)}, bytes(16)))
    return given(place)


@hostile("checkpoint: a pickle in place of the weights", predicting, "expected safetensors")
def _(place: Place) -> str:
    import pickle

    vouched(own(place), WEIGHTS, pickle.dumps(place.evil()))
    return given(place)


@hostile("checkpoint: a state a hundred thousand lists deep", resuming, "state.json")
def _(place: Place) -> str:
    vouched(own(place), STATE, b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    return given(place)


@hostile("checkpoint: a state with an array of objects", resuming, "state.json")
def _(place: Place) -> str:
    vouched(own(place), STATE, b'{"a":{"$array":{"dtype":"O","shape":[1],"data":"AAAAAAAAAAA="}}}')
    return given(place)


@hostile("checkpoint: a state with an array of a terabyte", resuming, "state.json")
def _(place: Place) -> str:
    vouched(own(place), STATE, b'{"a":{"$array":{"dtype":"<f8","shape":[1000000000000],"data":"AAAAAAAAAAA="}}}')
    return given(place)


@hostile("checkpoint: a state with a tag that nobody writes", resuming, "unknown tag")
def _(place: Place) -> str:
    vouched(own(place), STATE, b'{"a":{"$object":"os.system"}}')
    return given(place)
