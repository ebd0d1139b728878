"""A model in the flavour that MLflow has for its framework, in a folder."""

from __future__ import annotations

import copy as copying
import inspect
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.trackers.mlflow import exported_jax

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols.frameworks import Predictor

_NEAR = {"rtol": 1e-3, "atol": 1e-4}
_JAX_CODE = Path(__file__).with_name("served_jax.py")


class UnknownFlavourError(Exception):
    """MLflow has no flavour for this model."""


def save(model: Predictor, inputs: npt.NDArray[Any], path: Path) -> tuple[list[str], str]:
    """Write a model so that ``mlflow.pyfunc.load_model`` loads it, and try that.

    Parameters
    ----------
    model : Predictor
        What is written.
    inputs : numpy.ndarray, shape (n, *input_shape)
        An example of what goes in.
    path : pathlib.Path
        A folder that isn't there yet.

    Returns
    -------
    list of str
        What the loaded one does otherwise, a sentence each.
    str
        The framework.
    """
    wanted = model.outputs(inputs)  # first, since some models are built by it
    native = model.native
    family = _family(native)
    # Where there is one sample, its number would be taken for the only one possible.
    example = np.concatenate([inputs, inputs]) if len(inputs) == 1 else inputs
    if family == "keras":
        wanted = np.asarray(native(inputs, training=False))  # probabilities stay what they are
    failed: Exception | None = None
    for way in _WAYS[family](native):
        shutil.rmtree(path, ignore_errors=True)
        try:
            with _quiet():
                way(native, example, wanted, path)
                found = [_predicted(path, inputs), _predicted(path, inputs[:1])]
        except Exception as error:  # noqa: BLE001 - frameworks raise anything; the next way may do
            failed = failed or error
            continue
        return _compared(wanted, found[0]), family
    raise failed or UnknownFlavourError(family)


def _family(native: Any) -> str:
    roots = {kind.__module__.partition(".")[0] for kind in type(native).__mro__}
    for root, family in (("torch", "pytorch"), ("keras", "keras"), ("flax", "jax")):
        if root in roots:
            return family
    msg = f"MLflow keeps no model of the kind {type(native).__name__}: expected one of PyTorch's, Keras' or Flax'."
    raise UnknownFlavourError(msg)


def _predicted(path: Path, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    import mlflow.pyfunc

    found = np.asarray(mlflow.pyfunc.load_model(str(path)).predict(inputs))
    if len(found) != len(inputs):
        msg = f"It gives {len(found)} outputs for {len(inputs)} inputs when it is loaded."
        raise ValueError(msg)
    return found


def _compared(wanted: npt.NDArray[Any], found: npt.NDArray[Any]) -> list[str]:
    if wanted.shape == found.shape and np.allclose(wanted, found, **_NEAR, equal_nan=True):
        return []
    if wanted.shape != found.shape:
        return [f"The model at MLflow gives outputs of shape {found.shape}, the run's gives {wanted.shape}."]
    most = float(np.nanmax(np.abs(wanted - found)))
    return [f"The model at MLflow computes in its weights' precision: its outputs differ by up to {most:.2g}."]


def _common(inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], *packages: str) -> dict[str, Any]:
    from mlflow.models import infer_signature

    # Requirements are named, since MLflow would otherwise load the model in another process to see what it imports.
    required = [f"{name}=={found}" for name in (*packages, "numpy") if (found := _version(name))]
    signature = infer_signature(inputs, outputs)
    return {"signature": signature, "input_example": inputs, "pip_requirements": required}


def _version(package: str) -> str | None:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return None


def _torch_ways(_: Any) -> list[Callable[..., None]]:
    import mlflow.pytorch

    has_formats = "serialization_format" in inspect.signature(mlflow.pytorch.save_model).parameters
    return [_torch_program, _torch_pickle] if has_formats else [_torch_pickle]


def _torch_program(native: Any, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], path: Path) -> None:
    """Write the traced graph: it needs none of the run's own code, and loading it executes none."""
    import mlflow.pytorch

    common = _common(inputs, outputs, "torch")
    mlflow.pytorch.save_model(_on_host(native), str(path), serialization_format="pt2", **common)


def _torch_pickle(native: Any, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], path: Path) -> None:
    import mlflow.pytorch

    roots = {kind.__module__.partition(".")[0] for kind in type(native).__mro__}
    own = ["lightning"] if "lightning" in roots else ["pytorch-lightning"] if "pytorch_lightning" in roots else []
    common = _common(inputs, outputs, "torch", *own)
    formats = inspect.signature(mlflow.pytorch.save_model).parameters
    chosen = {"serialization_format": "pickle"} if "serialization_format" in formats else {}
    mlflow.pytorch.save_model(_on_host(native), str(path), **chosen, **common)


def _on_host(native: Any) -> Any:
    return copying.deepcopy(native).to("cpu").eval()


def _keras_ways(native: Any) -> list[Callable[..., None]]:
    # A class of one's own is found again only where its code is; an exported graph needs no code.
    described = native.to_json()
    modules = re.findall(r'"module": "([^"]+)"', described)
    needs_code = any(not module.startswith("keras") for module in modules) or re.search(
        r'"registered_name": "[^"]*>', described
    )
    return [_keras_graph, _keras_whole] if needs_code else [_keras_whole, _keras_graph]


def _keras_whole(native: Any, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], path: Path) -> None:
    import mlflow.keras

    path.mkdir()  # this flavour writes the example before it makes the folder
    mlflow.keras.save_model(native, str(path), **_common(inputs, outputs, "keras", "tensorflow"))


def _keras_graph(native: Any, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], path: Path) -> None:
    import mlflow.keras

    common = _common(inputs, outputs, "keras", "tensorflow")
    path.mkdir()
    mlflow.keras.save_model(native, str(path), save_exported_model=True, **common)


def _jax_ways(_: Any) -> list[Callable[..., None]]:
    return [_jax_program]


def _jax_program(native: Any, inputs: npt.NDArray[Any], outputs: npt.NDArray[Any], path: Path) -> None:
    import mlflow.pyfunc

    program = path.with_name("program.bin")
    program.write_bytes(exported_jax.program(native, inputs))
    mlflow.pyfunc.save_model(
        str(path),
        python_model=str(_JAX_CODE),
        artifacts={"program": str(program)},
        **_common(inputs, outputs, "jax", "jaxlib", "flatbuffers"),
    )


_WAYS: dict[str, Callable[[Any], list[Callable[..., None]]]] = {
    "pytorch": _torch_ways,
    "keras": _keras_ways,
    "jax": _jax_ways,
}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep advice for those who call ``save_model`` by hand out of the log."""
    logger = logging.getLogger("mlflow")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
