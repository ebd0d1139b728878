"""The global generators of Python, NumPy and PyTorch, which data sets of people draw from.

Other cells draw from them too, so they are only touched where nobody else can be: in a loader's worker process, and
in a trainer's process of its own.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


def seed(value: int) -> None:
    """Seed them all from one number of up to 63 bits; PyTorch's only where it is imported."""
    random.seed(value)
    np.random.seed(value % 2**32)  # noqa: NPY002 - what people's code draws from
    torch = sys.modules.get("torch")
    if torch is not None:
        # Not torch.manual_seed: it wakes, or queues work for, every other device.
        torch.default_generator.manual_seed(value)


def state() -> dict[str, Any]:
    """Give what :func:`restore` takes."""
    torch = sys.modules.get("torch")
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002
        "torch": None if torch is None else torch.get_rng_state(),
    }


def restore(before: dict[str, Any]) -> None:
    """Put the generators back to a state."""
    random.setstate(before["python"])
    np.random.set_state(before["numpy"])  # noqa: NPY002
    if before["torch"] is not None:
        sys.modules["torch"].set_rng_state(before["torch"])


def unchanged(before: dict[str, Any]) -> bool:
    """Say whether nobody has drawn since."""
    now = state()
    return (
        now["python"] == before["python"]
        and str(now["numpy"][2:]) == str(before["numpy"][2:])
        and bool(np.array_equal(now["numpy"][1], before["numpy"][1]))
        and (before["torch"] is None or bool((now["torch"] == before["torch"]).all()))
    )


@contextmanager
def lent(value: int) -> Iterator[None]:
    """Seed them for a while and put them back; only where nobody else draws meanwhile."""
    others = state()
    seed(value)
    try:
        yield
    finally:
        restore(others)


def apart(make: Callable[[], Iterator[Any]], value: int, *, alone: bool) -> Generator[Any, None, None]:
    """Let an iterator draw from global generators of its own: seeded for it, and put aside between its batches.

    Parameters
    ----------
    make : callable
        Makes the iterator, whose code may draw.
    value : int
        The seed of its generators.
    alone : bool
        Whether nobody else draws in this process meanwhile; the iterator is left as it is otherwise.
    """
    if not alone:
        yield from make()
        return
    batches, own = make(), dict[str, Any]()
    while True:
        others = state()
        if own:
            restore(own)
        else:
            seed(value)
        try:
            batch = next(batches, _END)
        finally:
            own = state()
            restore(others)
        if batch is _END:
            return
        yield batch


_END = object()
