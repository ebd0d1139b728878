"""A run's specification as MLflow's parameters, which are flat and short."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.trackers.flattening import flat
from dltrainer_jupyter.trackers.mlflow.naming import Names

LONGEST_VALUE = 6000
"""Characters of a parameter's value."""
_MOST_PARTS = 9


def parameters(spec: Mapping[str, Any], names: Names, notes: list[str]) -> dict[str, str]:
    """Give settings by dotted key, as text; what is too long is split over ``KEY.part2`` and further ones.

    Parameters
    ----------
    spec : mapping
        In JSON types; lists stay together.
    names : Names
        What MLflow takes.
    notes : list of str
        Takes a sentence for each setting that was renamed or shortened.

    Examples
    --------
    >>> parameters({"epochs": 5, "model": {"type": "mlp", "hidden": [64, 32]}}, Names(), [])
    {'epochs': '5', 'model.type': 'mlp', 'model.hidden': '[64, 32]'}
    """
    found: dict[str, str] = {}
    for key, value in flat(spec):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        starts = range(0, max(len(text), 1), LONGEST_VALUE)
        if len(starts) > _MOST_PARTS:
            notes.append(
                f"The setting '{key}' has {len(text):,} characters: MLflow's parameters hold the first "
                f"{_MOST_PARTS * LONGEST_VALUE:,}, its artifact specification.json all of them."
            )
        for number, start in enumerate(starts[:_MOST_PARTS], 1):
            part = key if number == 1 else f"{key}.part{number}"
            found[names.of(part, notes)] = text[start : start + LONGEST_VALUE]
    return found
