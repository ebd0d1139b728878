"""Random numbers for a native recipe's own code, such as its hooks, where no step or evaluation is under way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from dltrainer_jupyter.adapters.pytorch.randomness import Generators, Injected, injected


@contextmanager
def drawing(generators: Generators, mode: Injected | None, use: str | None) -> Iterator[None]:
    """Let code outside of steps draw from the run's generators.

    Parameters
    ----------
    generators : Generators
        The run's.
    mode : Injected, optional
        Gives them to random operations.
    use : str or None
        What for, to draw from fresh ones, the same each time, and leave no trace; None goes on with the run's.
    """
    with injected(mode), nullcontext() if use is None else generators.aside(use):
        yield
