"""A run's secrets, on their way from who submits it to who trains it: the store knows only that there are some."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from dltrainer_jupyter.core import private

_FILE = "secrets.json"


def save(folder: Path, secrets: Mapping[str, str]) -> None:
    """Leave secrets, by dotted key of the specification, in the run's folder."""
    private.write(folder / _FILE, json.dumps(dict(secrets)).encode())


def load(folder: Path) -> dict[str, str]:
    """Read a run's secrets; empty where there are none, as on a host that hasn't the run's files."""
    try:
        return dict(json.loads((folder / _FILE).read_bytes()))
    except FileNotFoundError:
        return {}
