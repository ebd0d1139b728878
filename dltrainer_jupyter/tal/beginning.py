"""Weights to begin with: another run's, and those of files for models of one's own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.beginning import OF_RUN, WeightsSpec
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, RunNotFoundError
from dltrainer_jupyter.core.protocols import KnowsWeightFiles, OwnWeights
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.tal.description import framework_of
from dltrainer_jupyter.tal.places import checkpoint_folder
from dltrainer_jupyter.tal.session import get
from dltrainer_jupyter.weights.matching import fit
from dltrainer_jupyter.weights.reading import look, read
from dltrainer_jupyter.weights.writing import write


def with_weights_of_run(spec: RunSpec) -> tuple[RunSpec, Path | None]:
    """Find the checkpoint of another run that a run begins with, and write out which it is.

    Returns
    -------
    spec : RunSpec
        ``weights`` names the run by its id, and the step.
    start : pathlib.Path or None
        The checkpoint's folder on this host; None if no run is meant.

    Raises
    ------
    ConfigurationError
        If there is no such run.
    CheckpointError
        If it has no such checkpoint.
    """
    if spec.weights is None or spec.weights.of_run is None:
        return spec, None
    run, folder, step = _checkpoint_of(*spec.weights.of_run)
    if run.spec.framework != spec.framework:
        msg = (
            f"weights: run '{run.name}' was trained with {run.spec.framework}, and this one is to be with "
            f"{spec.framework}, which names and lays out weights in another way."
        )
        raise ConfigurationError(msg)
    named = spec.weights.model_copy(update={"path": f"{OF_RUN}{run.id}@{step}"})
    return spec.model_copy(update={"weights": named}), folder


def _checkpoint_of(name: str, which: str) -> tuple[RunRecord, Path, int]:
    try:
        run = get(name)
        record = run.trained(which).record
        return run.record, checkpoint_folder(run.record, record), record.step
    except (RunNotFoundError, CheckpointError, ConfigurationError) as error:
        msg = f"weights: {error}"
        raise ConfigurationError(msg) from error


def load_weights(model: Any, path: str | os.PathLike[str], strict: bool = True) -> Any:  # noqa: FBT001, FBT002 - as PyTorch's load_state_dict has it
    """Give a model of one's own the weights in a file.

    Nothing in the file is run. Names and shapes have to be the model's, or nothing is changed.

    Parameters
    ----------
    model : torch.nn.Module, keras.Model or flax.nnx.Module
        Written to in place. A Keras model has to be built.
    path : path or str
        ``.safetensors``, its index or folder if it was written in several files, ``.npz``; of PyTorch ``.pt``,
        ``.pth``, ``.bin`` and ``.ckpt``, of Keras ``.keras``, ``.weights.h5`` and ``.h5``; a URL of one; a checkpoint's
        folder; or ``run:NAME@best`` (``@last``, ``@STEP``) of a run.
    strict : bool, default True
        False takes what fits, and leaves the rest as it is.

    Returns
    -------
    torch.nn.Module, keras.Model or flax.nnx.Module
        The model.

    Raises
    ------
    ConfigurationError
        If the file can't be read or doesn't fit, or the model is none of these frameworks'.
    MissingPackageError
        If reading the file takes a package that isn't installed.

    Examples
    --------
    >>> model = tal.load_weights(Net(), "resnet18.pt", strict=False)  # doctest: +SKIP
    """
    framework, own = _own_weights(model)
    asked = WeightsSpec(path=os.fspath(path), strict=strict)
    if asked.of_run is None:
        look(asked.path, framework, "path")
        found = read(asked.path, key="path")
    else:
        found = read(str(_checkpoint_of(*asked.of_run)[1]), key="path")
    if found.framework not in (None, framework):
        msg = f"path: {found.name} was written by {found.framework}, and this is a model of {framework}."
        raise ConfigurationError(msg)
    own.write(fit(found.arrays, own.arrays(), own.names(), strict=strict, name=found.name, key="path").weights)
    return model


def save_weights(model: Any, path: str | os.PathLike[str]) -> Path:
    """Write the weights of a model of one's own to a file that other programs read.

    Parameters
    ----------
    model : torch.nn.Module, keras.Model or flax.nnx.Module
        A Keras model has to be built.
    path : path or str
        ``.safetensors`` or ``.npz``; of PyTorch ``.pt`` and ``.pth`` (a ``state_dict``), of Keras ``.weights.h5`` and
        ``.keras``. A file that is there is written over, once the new one is whole.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ConfigurationError
        If the ending is another, or the file can't be written.

    Examples
    --------
    >>> tal.save_weights(model, "classifier.safetensors")  # doctest: +SKIP
    """
    place = Path(path).expanduser().absolute()
    write(_own_weights(model)[1], place)
    return place


def _own_weights(model: Any) -> tuple[str, OwnWeights]:
    framework = framework_of(model)
    adapter: Any = None if framework is None else registry.find("adapters", framework)
    if framework is None or not isinstance(adapter, type) or not issubclass(adapter, KnowsWeightFiles):
        msg = f"model: expected a module of PyTorch, Keras or Flax NNX, got {type(model).__name__}."
        raise ConfigurationError(msg)
    return framework, adapter.own_weights(model)
