"""A run's model as MLflow's users load it: an entity of its own that belongs to MLflow's run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from dltrainer_jupyter.trackers.mlflow import failures
from dltrainer_jupyter.trackers.mlflow.flavours import UnknownFlavourError, save

if TYPE_CHECKING:
    from mlflow.entities import LoggedModel

    from dltrainer_jupyter.core.tracking import TrackedModel
    from dltrainer_jupyter.trackers.mlflow.copies import Copy

NAME = "model"
"""What it is loaded by: ``runs:/ID/model``."""
_STEP = "dltrainer.step"
_TAKES_PREPARED = (
    "The model at MLflow takes inputs as the net does, prepared: dltrainer_jupyter.data.preprocessing.apply_chain does "
    "that by the steps in its metadata, 'preprocessing'."
)
_MOST_PARAMETERS = 100
"""More aren't taken with a model; all are the run's."""


def log(copy: Copy, model: TrackedModel) -> list[str]:
    """Log a model unless it is there already.

    MLflow's own ``log_model`` reads the whole history of every metric of the run, writes it again as the model's, and
    leaves its tracking URI to a global. So this does the same by the client, in the same order, without either.

    Parameters
    ----------
    copy : Copy
        MLflow's run.
    model : TrackedModel
        What is logged.
    """
    step = model.step
    for other in list(_of_run(copy)):
        if other.tags.get(_STEP) != str(step) or other.status != "READY":
            if other.status != "READY":
                copy.client.delete_logged_model(other.model_id)  # whoever began it died
            continue
        _link(copy, other, step)
        return []
    with TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        try:
            notes, flavour = save(model.predictor, np.asarray(model.inputs), path)
        except UnknownFlavourError as error:
            return [str(error)]
        except Exception as error:  # noqa: BLE001 - frameworks raise anything for what they can't write
            return [f"The model of step {step:,} isn't at MLflow, it can't be written: {failures.shortened(error)}"]
        _upload(copy, path, model, flavour)
    return [*notes, *([_TAKES_PREPARED] if len(model.preprocessing) > 1 else [])]


def _upload(copy: Copy, path: Path, model: TrackedModel, flavour: str) -> None:
    from mlflow.models import Model

    run = copy.client.get_run(copy.run)
    made = copy.client.create_logged_model(
        copy.experiment,
        name=NAME,
        source_run_id=copy.run,
        tags={_STEP: str(model.step)},
        params=dict(list(run.data.params.items())[:_MOST_PARAMETERS]),
        model_type=flavour,
    )
    described = Model.load(str(path))
    described.run_id = copy.run
    described.model_id = described.model_uuid = made.model_id
    described.artifact_path = made.artifact_location
    # The net as it was trained is what others can load without our code; this says what comes before it, and after it.
    described.metadata = {"preprocessing": list(map(dict, model.preprocessing)), "labels": list(model.labels)}
    described.save(str(path / "MLmodel"))
    copy.client.log_model_artifacts(made.model_id, str(path))
    copy.client.finalize_logged_model(made.model_id, "READY")
    _link(copy, made, model.step)


def _link(copy: Copy, model: LoggedModel, step: int) -> None:
    from mlflow.entities import LoggedModelOutput

    outputs = copy.client.get_run(copy.run).outputs
    if outputs is None or all(output.model_id != model.model_id for output in outputs.model_outputs):
        copy.client.log_outputs(copy.run, [LoggedModelOutput(model.model_id, step)])


def _of_run(copy: Copy) -> Iterator[LoggedModel]:
    token, wanted = None, f"name = '{NAME}' AND source_run_id = '{copy.run}'"
    while True:
        found = copy.client.search_logged_models([copy.experiment], wanted, page_token=token)
        yield from found
        if not (token := found.token):
            return
