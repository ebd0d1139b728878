"""A new run from another's settings, with changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.schema import PRESET
from dltrainer_jupyter.core.secrets import unmasked
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.terms import with_objects
from dltrainer_jupyter.executors import secret_file
from dltrainer_jupyter.loop.beginning import START
from dltrainer_jupyter.tal.configuration import merged
from dltrainer_jupyter.tal.description import LISTS, describe
from dltrainer_jupyter.tal.inference import objects_of
from dltrainer_jupyter.tal.naming import default_name
from dltrainer_jupyter.tal.places import checkpoint_folder
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.sealing import checked
from dltrainer_jupyter.tal.submit import submit


def clone(run: Run, step: int | None, changes: Mapping[str, Any], check: Callable[[RunSpec], RunSpec] = checked) -> Run:
    """Start a new run from another's settings; see :meth:`Run.clone`."""
    record, spec = run.record, run.spec
    kept = objects_of(run)
    # A change may mean a part that is there by default.
    complete = unmasked(spec.model_dump(mode="json"), secret_file.load(Path(record.folder)))
    values = {key: complete[key] for key in complete.keys() & (spec.model_fields_set | changes.keys())}
    for key in spec.user_objects:
        if not isinstance(getattr(spec, key), tuple):
            (values[key],) = with_objects(spec.parts(key), [kept[key]])
    if spec.name == default_name(spec, kept):
        # Nobody chose it, and the clone may have another model.
        values.pop("name", None)
    for key in LISTS:
        if isinstance(getattr(spec, key), tuple) and (key in values or key in spec.user_objects or key == "metrics"):
            values[key] = list(with_objects(spec.parts(key), kept.get(key, ())))
    if "groups" in kept and isinstance(values.get("validation"), dict):
        values["validation"]["groups"] = kept["groups"]
    start = None if step is None else checkpoint_folder(record, run.at(step).record)
    if start is not None:
        _refuse_two_beginnings(changes)
        values.pop("weights", None)
    elif "weights" not in changes and spec.weights is not None and spec.weights.of_run is not None:
        # The other run may have given up that checkpoint since.
        start = Path(record.folder) / START
    values |= {key: _bare(values[key]) for key in values.keys() & changes.keys() if _names_preset(changes[key])}
    changed, own = describe(merged(values, changes), inherited=values.keys() - changes.keys(), check=check)
    made = submit(changed, own, start=start)
    where = "" if step is None else f", with the weights of its step {step:,}"
    made.store.add_event(made.id, "cloned", f"Cloned from run '{record.name}' ({run.id}){where}.")
    return made


def _refuse_two_beginnings(changes: Mapping[str, Any]) -> None:
    if changes.get("weights") is not None:
        msg = "weights: this clone begins with the weights of a step; leave the step or weights out."
        raise ConfigurationError(msg)


def _names_preset(change: Any) -> bool:
    return isinstance(change, Mapping) and PRESET in change


def _bare(part: Any) -> Any:
    """Give a part's type alone: the settings of the run that is cloned would go before those of a preset."""
    return {"type": part["type"]} if isinstance(part, Mapping) and "type" in part else part
