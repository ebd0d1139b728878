"""How each registered part is run in the tests beside this file: with which settings, on what.

A part that isn't named here where it has to be fails its test: whoever registers one says here how it is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.protocols import Signature
from tests.data import tables, written

RNG = np.random.default_rng(0)
SMALLEST_RATE = 1e-3

SETTINGS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("postprocessing", "affine"): {"scale": 2.0, "offset": 1.0},
    ("postprocessing", "labels"): {"names": ["no", "yes"]},
    ("preprocessing", "normalize"): {"mean": [0.5], "std": [0.5]},
    ("preprocessing", "patches"): {"size": 4},
    ("preprocessing", "resize"): {"size": [4, 4]},
    ("preprocessing", "scale"): {"divisor": 2.0},
    ("preprocessing", "windows"): {"length": 1},
    ("data", "cifar"): {"path": "cifar-10-batches-py"},
    ("data", "coco"): {"path": "annotations.json"},
    ("data", "csv"): {"path": "houses.csv", "target": "price"},
    ("data", "hdf5"): {"path": "x.h5"},
    ("data", "idx"): {"path": "train-images-idx3-ubyte.gz", "targets": "train-labels-idx1-ubyte.gz"},
    ("data", "image_folder"): {"path": "pictures"},
    ("data", "mask_folder"): {"path": "cells"},
    ("data", "npz"): {"path": "x.npz"},
    ("data", "parquet"): {"path": "houses.parquet", "target": "price"},
    ("data", "shapes"): {"count": 12, "size": 16},
    ("data", "text_files"): {"path": "texts"},
    ("data", "yolo"): {"path": "data.yaml"},
    ("models", "detector"): {"width": 4},
    ("layers", "reshape"): {"shape": [7]},
    ("models", "mobilenet_v2"): {"width": 0.25},
    ("models", "stack"): {"layers": ["flatten", {"type": "dense", "units": 4}]},
    ("models", "unet"): {"width": 4, "depth": 1},
    ("models", "vit"): {"depth": 1},
    ("models", "vit-tiny"): {"depth": 1},
    ("trackers", "neptune"): {"project": "team/project"},
    ("schedules", "step"): {"step_epochs": 1},
}
"""Settings of parts that can't do without, or are too large as they are."""

MODELS: Mapping[str, Signature] = {
    "cnn": Signature("classification", (1, 8, 8), 3),
    "detector": Signature("detection", (3, 16, 16), 2),
    "lstm": Signature("classification", (6, 5), 3),
    "mlp": Signature("classification", (7,), 3),
    "mobilenet_v2": Signature("classification", (3, 32, 32), 3),
    "resnet": Signature("classification", (3, 32, 32), 3),
    "stack": Signature("classification", (7,), 3),
    "transformer": Signature("classification", (6, 5), 3),
    "unet": Signature("segmentation", (1, 8, 8), 3),
    "vit": Signature("classification", (3, 32, 32), 3),
    "vit-tiny": Signature("classification", (3, 32, 32), 3),
}

_SEQUENCE, _IMAGE, _VALUES = (6, 4), (4, 8, 8), (7,)
LAYERS: Mapping[str, tuple[int, ...]] = {
    "activation": _VALUES,
    "attention": _SEQUENCE,
    "conv": _IMAGE,
    "dense": _VALUES,
    "dropout": _VALUES,
    "embedding": (6,),
    "flatten": _IMAGE,
    "global_pool": _IMAGE,
    "norm": _IMAGE,
    "output": _SEQUENCE,
    "pool": _IMAGE,
    "position": _SEQUENCE,
    "recurrent": _SEQUENCE,
    "reshape": _VALUES,
    "residual": _IMAGE,
    "transformer_block": _SEQUENCE,
    "upsample": _IMAGE,
}
"""Shapes of what a layer takes."""

_ONE = RNG.normal(size=(6, 1)).astype(np.float32)
_CLASSES = RNG.normal(size=(6, 3)).astype(np.float32)
_PIXELS = RNG.normal(size=(2, 3, 4, 4)).astype(np.float32)

LOSSES: Mapping[str, tuple[np.ndarray, np.ndarray]] = {
    "bce": (_ONE, (_ONE > 0).astype(np.float32)),
    "cross_entropy": (_CLASSES, np.arange(6) % 3),
    "dice": (_PIXELS, RNG.integers(0, 3, (2, 4, 4))),
    "focal": (_CLASSES, np.arange(6) % 3),
    "hinge": (_CLASSES, np.arange(6) % 3),
    "huber": (_ONE, _ONE * 3 + 1),
    "kl_div": (_CLASSES, np.full((6, 3), 1 / 3, np.float32)),
    "l1": (_ONE, _ONE + 1),
    "log_cosh": (_ONE, _ONE + 1),
    "mae": (_ONE, _ONE + 1),
    "mse": (_ONE, _ONE + 1),
    "nll": (_CLASSES, np.arange(6) % 3),
    "poisson": (_ONE, np.abs(_ONE)),
    "smooth_l1": (_ONE, _ONE + 1),
}
"""Outputs and targets."""

REGULARIZED = _CLASSES
"""Parameters, or what a layer gives."""


def _pixels() -> tuple[np.ndarray, np.ndarray, int]:
    return _PIXELS, RNG.integers(0, 3, (2, 4, 4)), 3


def _boxes() -> tuple[np.ndarray, np.ndarray, int]:
    truth = np.array([[[1, 1, 5, 5, 0], [2, 2, 8, 8, 1]]], dtype=np.float32)
    said = np.concatenate([truth[..., :4], np.full((1, 2, 1), 0.9, np.float32), truth[..., 4:]], axis=2)
    return said, truth, 2


MEASURED: Mapping[str, tuple[np.ndarray, np.ndarray, int]] = {
    "classification": (_CLASSES, np.arange(6) % 3, 3),
    "regression": (_ONE, _ONE + 0.5, 1),
    "segmentation": _pixels(),
    "detection": _boxes(),
}
"""By task: outputs, targets, and how many outputs a model has."""

PREDICTED: Mapping[str, tuple[Signature, np.ndarray]] = {
    "classification": (Signature("classification", (4,), 2), np.array([[0.2, 0.1], [-1.0, 1.5]])),
    "segmentation": (Signature("segmentation", (1, 4, 4), 2), _PIXELS[:, :2]),
    "regression": (Signature("regression", (4,), 1), np.array([[-0.25], [1.75]])),
    "detection": (Signature("detection", (3, 8, 8), 1), np.array([[[0, 0, 4, 4, 0.9, 0], [0, 0, 4, 3.5, 0.5, 0]]])),
}
"""By task: of which model, and what it gives."""

Found = tuple[dict[str, Any], dict[str, Any]]


def _as_it_is(_folder: Path) -> Found:
    return {}, {}


def _arrays(_folder: Path) -> Found:
    return {}, {"data": (RNG.normal(size=(12, 4)).astype(np.float32), np.arange(12) % 3)}


DATA: Mapping[str, Callable[[Path], Found]] = {
    "arrays": _arrays,
    "breast_cancer": _as_it_is,
    "cifar": lambda folder: ({"path": str(tables.cifar(folder / "batches"))}, {}),
    "cifar10": _as_it_is,
    "coco": lambda folder: ({"path": str(written.coco(folder))}, {}),
    "csv": lambda folder: ({"path": str(tables.csv(folder)), "target": "kind"}, {}),
    "diabetes": _as_it_is,
    "digits": _as_it_is,
    "fashion_mnist": _as_it_is,
    "hdf5": lambda folder: ({"path": str(tables.hdf5(folder))}, {}),
    "idx": lambda folder: (dict(zip(("path", "targets"), map(str, tables.idx_files(folder)), strict=True)), {}),
    "huggingface": lambda folder: (
        {"path": "imagefolder", "data_files": [str(written.pictures(folder) / "*" / "*")]},
        {},
    ),
    "image_folder": lambda folder: ({"path": str(written.pictures(folder / "pictures"))}, {}),
    "mask_folder": lambda folder: ({"path": str(written.masks(folder))}, {}),
    "mnist": _as_it_is,
    "npz": lambda folder: ({"path": str(tables.npz(folder))}, {}),
    "parquet": lambda folder: ({"path": str(tables.parquet(folder)), "target": "kind"}, {}),
    "shapes": _as_it_is,
    "text_files": lambda folder: ({"path": str(written.texts(folder / "texts"))}, {}),
    "wine": _as_it_is,
    "yolo": lambda folder: ({"path": str(written.yolo(folder))}, {}),
}
"""A function that writes a tiny file of the real kind into a folder, if the source reads one: settings, and objects."""

FETCHED = {"cifar10", "fashion_mnist", "mnist"}
"""Sources whose files are fetched; the tests put tiny ones of the real kind in their place."""

HELD_BY: Mapping[tuple[str, str], tuple[str, str]] = {
    ("adapters", "jax"): ("contract/test_jax.py", 'framework = "jax"'),
    ("adapters", "own_loop"): ("recipes/test_own_loop.py", "tal.train("),
    ("adapters", "pytorch"): ("contract/test_pytorch.py", 'framework = "pytorch"'),
    ("adapters", "tensorflow"): ("contract/test_tensorflow.py", 'framework = "tensorflow"'),
    **{("checks", name): ("tal/checkup", f'"{name}"') for name in registry.names("checks")},
    ("executors", "inline"): ("executors/test_executors.py", '"inline"'),
    ("executors", "process"): ("executors/test_executors.py", '"process"'),
    ("executors", "thread"): ("executors/test_executors.py", '"thread"'),
    ("faces", "figure"): ("widgets/test_figures.py", "plot("),
    ("faces", "form"): ("widgets/test_form.py", "shown: Form"),
    ("faces", "panel"): ("widgets/test_panel.py", "panel"),
    ("faces", "show"): ("widgets/test_display.py", "show"),
    ("recipes", "detection"): ("recipes/test_detection.py", "tal.train("),
    ("recipes", "keras"): ("recipes/test_keras_runs.py", "tal.train("),
    ("recipes", "lightning"): ("recipes/lightning", "tal.train("),
    ("recipes", "own_loop"): ("recipes/test_own_loop.py", "tal.train("),
    ("recipes", "supervised"): ("recipes/test_supervised.py", "Supervised"),
    ("trackers", "mlflow"): ("trackers/mlflow/test_contract.py", "TrackerContract"),
    ("trackers", "neptune"): ("trackers/test_neptune.py", "TrackerContract"),
    ("trackers", "tensorboard"): ("trackers/test_tensorboard_contract.py", "TrackerContract"),
    ("trackers", "wandb"): ("trackers/test_wandb.py", "TrackerContract"),
}
"""Parts that whole suites run: which file, and what stands in it."""


def settings(kind: registry.Kind, name: str, framework: str | None = None) -> Any:
    """Give a part's class and settings with which it is run."""
    found = registry.find(kind, name, framework)
    return found, found.Config(**SETTINGS.get((kind, name), {}))


def entry(table: Mapping[str, Any], name: str) -> Any:
    """Look up how a part is run."""
    if name not in table:
        pytest.fail(f"'{name}' is registered and nothing runs it: say in tests/parts/samples.py how it is run")
    return table[name]


def models(framework: str) -> list[str]:
    """List the models that can be built for a framework."""
    return [name for name in registry.names("models") if hasattr(registry.find("models", name), framework)]
