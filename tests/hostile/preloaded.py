"""What forks find imported, and all artefacts."""

from __future__ import annotations

import os
from pathlib import Path

import h5py  # noqa: F401
import numpy as np
import pandas as pd  # noqa: F401
import pyarrow.parquet  # noqa: F401
import sklearn.datasets  # noqa: F401
import torch  # noqa: F401
import yaml  # noqa: F401
from PIL import Image

from dltrainer_jupyter import tal
from dltrainer_jupyter.core import registry
from tests.hostile.every import ARTEFACTS
from tests.hostile.verbs import RUN

for _kind, _name, _of in (
    ("adapters", "pytorch", None),
    ("recipes", "supervised", None),
    ("models", "mlp", None),
    *(("data", name, None) for name in ("csv", "npz", "hdf5", "parquet", "idx", "cifar", "image_folder", "coco")),
):
    registry.find(_kind, _name, _of)
Image.init()
np.zeros(1).sum()


def prepare() -> None:
    """Train the run that predicts."""
    tal.train(
        model="mlp",
        data="digits",
        name=RUN,
        epochs=1,
        executor="inline",
        threads=1,
        verbose=False,
        batch_size=256,
        checkpoint={"mirror": str(Path(os.environ["DLTRAINER_HOME"]) / "mirror")},
    )


__all__ = ["ARTEFACTS", "prepare"]
