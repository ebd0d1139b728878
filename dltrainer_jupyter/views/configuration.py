"""A specification as the YAML that people read, and write again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from dltrainer_jupyter.core import live
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.core.spec import USER_OBJECT, Part, RunSpec
from dltrainer_jupyter.store.store import Store

NUMBER: tuple[str, re.Pattern[str], list[str]] = (
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\d[\d_]*\.[\d_]*|\.\d[\d_]*|\d[\d_]*)(?:[eE][-+]?\d+)$"),
    list("-+.0123456789"),
)
"""What counts as a number besides what YAML 1.1 says, ``1e-3`` foremost: for whoever reads and for whoever writes."""

_UNSEEN = re.compile(r"[^\S \t\n]|[\x85\u2028\u2029\ufeff]")
"""Characters that break a line, or vanish, where YAML leaves a text unquoted."""


class Dumper(yaml.SafeDumper):
    """Quotes a text that a reader would take for something else."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Write a text, quoted and escaped if it holds what nobody sees."""
        style = '"' if _UNSEEN.search(text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_implicit_resolver(*NUMBER)
Dumper.add_representer(str, Dumper.represent_text)


def in_words(value: Any) -> Any:
    """Put the description of a person's own object in place of its mention, in settings as plain data.

    Examples
    --------
    >>> in_words({"model": {"type": "$object", "is": "Sequential"}, "metrics": ["f1"]})
    {'model': 'Sequential (your own)', 'metrics': ['f1']}
    """
    if isinstance(value, dict):
        if value.get("type") == USER_OBJECT:
            shown = Part.model_validate(value).shown
            beside = {key: item for key, item in value.items() if key not in ("type", "is")}
            return {"type": shown, **beside} if beside else shown
        return {key: in_words(item) for key, item in value.items()}
    return [in_words(item) for item in value] if isinstance(value, list) else value


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Name settings inside groups with dots.

    Examples
    --------
    >>> flat({"epochs": 3, "model": {"type": "mlp", "config": {"hidden": [8]}}})
    {'epochs': 3, 'model.type': 'mlp', 'model.config.hidden': [8]}
    """
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def to_yaml(spec: RunSpec, *, complete: bool = False) -> str:
    """Write a specification as YAML.

    Parameters
    ----------
    spec : RunSpec
        What to write.
    complete : bool, default False
        Write the settings nobody gave as well.

    Notes
    -----
    A person's own objects stand there by their descriptions: they can't be written, only handed over from Python.
    """
    values: dict[str, Any] = spec.model_dump(mode="json") if complete else spec.dump()
    return str(yaml.dump(in_words(values), Dumper=Dumper, sort_keys=False, allow_unicode=True))


def in_force(store: Store, run: RunRecord) -> RunSpec:
    """Give a run's specification with what was changed since it was started.

    Parameters
    ----------
    store : Store
        Where the run is.
    run : RunRecord
        As it is now.
    """
    changes = [change for change in store.settings_changed(run.id) if change.step <= run.progress.step]
    values = {key: value for change in changes for key, value in change.values.items()}
    spec = live.changed(run.spec, values | {"epochs": run.progress.epochs})
    return run.spec if spec == run.spec else spec


def complete(store: Store, run: RunRecord) -> dict[str, Any]:
    """Give a run's settings in force, those nobody gave as well, so that a default stands beside what isn't one."""
    found: dict[str, Any] = in_words(in_force(store, run).model_dump(mode="json"))
    return found


def live_settings() -> str:
    """List the settings that a live run can change, a line each."""
    settings = live.declared(RunSpec)
    width = max(map(len, settings))
    return "\n".join(f"  {key:<{width}}  {setting.field.description}" for key, setting in settings.items())
