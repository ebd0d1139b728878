"""MLflow's experiments: the folder, so to say, in which runs lie."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.trackers.mlflow import places

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

_DEFAULT = "DLTrainer"


def experiment_id(client: MlflowClient, name: str | None, uri: str) -> str:
    """Find an experiment, or make it.

    Parameters
    ----------
    client : MlflowClient
        Of the place.
    name : str or None
        Its name; the environment's if it is None.
    uri : str
        The place.

    Raises
    ------
    TrackerError
        If it was deleted.
    """
    from mlflow.exceptions import MlflowException

    name = name or os.environ.get("MLFLOW_EXPERIMENT_NAME") or _DEFAULT
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return client.create_experiment(name, artifact_location=_artifacts_of(uri))
        except MlflowException as error:
            # Another run of the same experiment may have made it meanwhile.
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    check(found, uri)
    return str(found.experiment_id)


def check(experiment: Experiment, uri: str) -> None:
    """Raise if an experiment was deleted."""
    if experiment.lifecycle_stage != "active":
        msg = (
            f"The experiment '{experiment.name}' was deleted at {places.shown(uri)}: restore it with `mlflow "
            f"experiments restore --experiment-id {experiment.experiment_id}`, or name another one in the tracker's "
            "setting experiment."
        )
        raise TrackerError(msg)


def _artifacts_of(uri: str) -> str | None:
    """Say where files of an experiment lie: beside an SQLite database, elsewhere where MLflow puts them.

    MLflow would take the current folder, which is the relay's, and that is nobody's business.
    """
    database = places.sqlite_file(uri)
    return None if database is None else str(database.parent / f"{database.stem}-artifacts")
