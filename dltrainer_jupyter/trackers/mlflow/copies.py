"""MLflow's run that is a run's copy: finding it, or making it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.trackers.mlflow import places
from dltrainer_jupyter.trackers.mlflow.datasets import dataset_input
from dltrainer_jupyter.trackers.mlflow.experiments import check, experiment_id
from dltrainer_jupyter.trackers.mlflow.naming import LONGEST_NAME, Names
from dltrainer_jupyter.trackers.mlflow.parameters import parameters

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from dltrainer_jupyter.core.tracking import TrackedRun
    from dltrainer_jupyter.trackers.mlflow.settings import MLflowSettings

RUN_ID = "dltrainer.run_id"
"""Tag by which a run's copy is found, should whoever made it have died before it could say its key."""
_LONGEST_TAG = 5000
"""Characters of a value."""


@dataclass(frozen=True)
class Copy:
    """Where everything of a run goes."""

    client: MlflowClient
    uri: str
    experiment: str
    run: str

    def tag(self, key: str, value: str) -> list[str]:
        """Set a tag, whatever it was before; what doesn't fit is cut, and a note says so."""
        notes: list[str] = []
        self.client.set_tag(self.run, key, _cut(key, value, notes))
        return notes


def opened(
    config: MLflowSettings, uri: str, run: TrackedRun, key: str | None, *, names: Names, notices: list[str]
) -> Copy:
    """Go on with MLflow's run, or make it, and tell it what is known before the first step.

    Parameters
    ----------
    config : MLflowSettings
        The tracker's.
    uri : str
        Where MLflow is.
    run : TrackedRun
        Whose copy.
    key : str or None
        MLflow's id of its run, if there is one.
    names : Names
        What MLflow takes.
    notices : list of str
        Takes sentences for the person.

    Raises
    ------
    TrackerError
        If the run or its experiment was deleted.
    """
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    found = _made_before(client, config, uri, run) if key is None else _continued(client, uri, key)
    if found is None:
        experiment = experiment_id(client, config.experiment, uri)
        milliseconds = int(run.created_at.timestamp() * 1000)
        name = _run_name(config, run, notices)
        found = client.create_run(experiment, start_time=milliseconds, tags={RUN_ID: run.id}, run_name=name)
    copy = Copy(client, uri, found.info.experiment_id, found.info.run_id)
    client.update_run(copy.run, status="RUNNING")
    _describe(copy, config, run, found.data.params, names=names, notices=notices)
    return copy


def _made_before(client: MlflowClient, config: MLflowSettings, uri: str, run: TrackedRun) -> Run | None:
    experiment = experiment_id(client, config.experiment, uri)
    found = client.search_runs([experiment], f"tags.`{RUN_ID}` = '{run.id}'", max_results=1)
    return found[0] if found else None


def _continued(client: MlflowClient, uri: str, key: str) -> Run:
    from mlflow.exceptions import MlflowException

    where = places.shown(uri)
    try:
        found = client.get_run(key)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        msg = (
            f"MLflow at {where} has no run {key} any more: check that the tracker's uri is the one it was begun with, "
            "or clone the run to begin another copy."
        )
        raise TrackerError(msg) from error
    check(client.get_experiment(found.info.experiment_id), uri)
    if found.info.lifecycle_stage != "active":
        msg = f"MLflow's run {key} was deleted at {where}: restore it with `mlflow runs restore --run-id {key}`."
        raise TrackerError(msg)
    return found


def _run_name(config: MLflowSettings, run: TrackedRun, notices: list[str]) -> str:
    name = config.run_name or run.name
    if len(name) > LONGEST_NAME:
        notices.append(f"MLflow's names of runs have at most {LONGEST_NAME} characters: the rest of this one's is cut.")
    return name[:LONGEST_NAME]


def _describe(
    copy: Copy,
    config: MLflowSettings,
    run: TrackedRun,
    there: Mapping[str, str],
    *,
    names: Names,
    notices: list[str],
) -> None:
    from mlflow.entities import Param, RunTag

    wanted = parameters(run.spec, names, notices)
    tags = _tags(run) | config.tags
    # MLflow never changes a parameter; what was set later stands in a tag beside it.
    tags |= {f"changed.{key}": text for key, text in wanted.items() if there.get(key, text) != text}
    copy.client.log_batch(
        copy.run,
        params=[Param(key, text) for key, text in wanted.items() if key not in there],
        tags=[RunTag(names.of(key, notices), _cut(key, text, notices)) for key, text in tags.items()],
    )
    if run.dataset:
        copy.client.log_inputs(copy.run, datasets=[dataset_input(run.dataset, run.id)])


def _tags(run: TrackedRun) -> dict[str, str]:
    known: Mapping[str, Any] = run.environment
    arguments = known.get("argv") or [run.name]
    found: dict[str, Any] = {
        RUN_ID: run.id,
        "mlflow.source.name": arguments[0] or run.name,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": (known.get("git") or {}).get("commit"),
        "mlflow.user": known.get("user"),
        "mlflow.note.content": run.spec.get("description"),
        "dltrainer.framework": run.framework,
        "dltrainer.host": run.host,
        "dltrainer.device": known.get("device"),
        "dltrainer.attempt": run.attempt,
        "dltrainer.monitor": run.monitor,
    }
    return {key: str(value) for key, value in found.items() if value is not None}


def _cut(key: str, text: str, notices: list[str]) -> str:
    if len(text) > _LONGEST_TAG:
        notices.append(f"MLflow's tag '{key}' holds the first {_LONGEST_TAG:,} of its {len(text):,} characters.")
    return text[:_LONGEST_TAG]
