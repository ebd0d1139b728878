"""Loads an exported JAX model for MLflow: this file is copied beside the model and runs without DLTrainer."""

# mypy: disable-error-code="no-untyped-call, no-untyped-def, misc, name-defined, type-arg"

from pathlib import Path

import jax
import mlflow.pyfunc
import numpy as np
from jax import export


class ExportedModel(mlflow.pyfunc.PythonModel):
    """A program with its weights."""

    def load_context(self, context):  # noqa: ANN001, ANN201, D102 - MLflow's own interface, which goes by names
        self._program = export.deserialize(bytearray(Path(context.artifacts["program"]).read_bytes()))

    def predict(self, context, model_input: np.ndarray, params=None):  # noqa: ANN001, ANN201, ARG002, D102
        wanted = self._program.in_avals[0]
        samples = np.asarray(model_input).astype(wanted.dtype)
        # A program for one sample is called sample by sample.
        parts = np.split(samples, len(samples)) if wanted.shape[0] == 1 else [samples]
        return np.concatenate([jax.device_get(self._program.call(part)) for part in parts])


mlflow.models.set_model(ExportedModel())
