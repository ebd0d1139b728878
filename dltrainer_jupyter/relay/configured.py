"""A run's tracker as it was asked for, with the secrets that the store doesn't know."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from dltrainer_jupyter.core import private, registry
from dltrainer_jupyter.core.errors import TrackerError
from dltrainer_jupyter.core.protocols.trackers import Tracker
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.schema import part_settings
from dltrainer_jupyter.core.secrets import MASK, secrets_of, unmasked
from dltrainer_jupyter.core.spec import Part
from dltrainer_jupyter.core.tracking import TrackedRun
from dltrainer_jupyter.executors import secret_file
from dltrainer_jupyter.executors.trained import own_parts
from dltrainer_jupyter.relay.asking import asked
from dltrainer_jupyter.store.store import Store

FOLDER = "tracking"
"""The folder of what trackers keep, in a run's folder."""


class Configured(NamedTuple):
    """A tracker that isn't open yet."""

    tracker: Tracker
    secrets: frozenset[str]
    """What must not be told."""


def configured(run: RunRecord, name: str) -> Configured:
    """Make a run's tracker.

    Raises
    ------
    TrackerError
        If the run asks for no such tracker, a secret of its isn't here, or it can't be made.
    DLTrainerError
        If its package isn't installed any more, or its settings don't suit it any more.
    """
    places = {named: place for place, named in enumerate(run.spec.trackers)}
    if name not in places:
        msg = f"The run asks for no tracker '{name}'."
        raise TrackerError(msg)
    whole = unmasked(run.spec.model_dump(mode="json"), secret_file.load(Path(run.folder)))
    part = Part.model_validate(whole["track"][places[name]])
    with own_parts(run, Path(run.folder)):
        kind = registry.find("trackers", part.type)
    settings = part_settings(kind.Config, part.config, "track")
    secrets = secrets_of(settings)
    if lost := [key for key, secret in secrets.items() if secret == MASK]:
        msg = f"The file with its {lost[0]} is gone: it lies in the run's folder on host '{run.host}'."
        raise TrackerError(msg)
    untold = frozenset(secrets.values()) - {""}
    with asked(untold):
        return Configured(kind(settings), untold)


def tracked_run(store: Store, run: RunRecord, name: str) -> TrackedRun:
    """Describe a run for a tracker."""
    attempts = store.attempts(run.id)
    signature = store.signature(run.id) or {}
    dataset = {"name": run.spec.data.type, **{key: value for key, value in signature.items() if key != "preprocessing"}}
    folder = Path(run.folder) / FOLDER / name
    private.make_folder(folder)
    return TrackedRun(
        id=run.id,
        name=run.name,
        spec=run.spec.model_dump(mode="json"),
        framework=run.spec.framework,
        environment={**run.environment, **(attempts[-1].environment if attempts else {})},
        created_at=run.created_at,
        host=run.host,
        attempt=run.attempt,
        folder=folder,
        monitor=run.best.metric if run.best else run.spec.monitor,
        mode=run.best.mode if run.best else run.spec.monitor_mode,
        dataset=dataset,
        graph=store.graph(run.id),
    )
