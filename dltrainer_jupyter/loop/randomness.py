"""The generators of Python and NumPy, where the trainer has a process of its own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np

from dltrainer_jupyter.core.seeds import derive


def seed_process(seed: int) -> None:
    """Seed the global generators; user code that draws from them is then reproducible."""
    random.seed(derive(seed, "python"))
    np.random.seed(derive(seed, "numpy") % 2**32)  # noqa: NPY002 - user code draws from the legacy generator


def process_state() -> dict[str, Any]:
    """Give the state of the global generators."""
    return {"python": random.getstate(), "numpy": np.random.get_state()}  # noqa: NPY002


def load_process_state(state: Mapping[str, Any]) -> None:
    """Go on from a state."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])  # noqa: NPY002
