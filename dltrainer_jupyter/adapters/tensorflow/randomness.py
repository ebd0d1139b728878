"""A run's own randomness: nothing it draws comes from a generator that another cell can reach.

Keras draws with seeds, never from a stream of its own: each layer that is random has a ``SeedGenerator`` whose state
is two numbers, and each initializer has a seed. What is left is where seeds come from that nobody gives: Python's
global generator, and one ``SeedGenerator`` of the thread. :func:`own_seeds` puts the run's in their place, for this
thread only.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import keras
import tensorflow as tf
from keras.src.backend.common import global_state
from keras.src.random import seed_generator

from dltrainer_jupyter.core.seeds import derive

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MOST = 2**31 - 2
"""Keras takes seeds as 32-bit integers on some devices."""

_source: ContextVar[random.Random | None] = ContextVar("seeds of a run", default=None)


class _PythonRandom:
    """Stands where Keras looks for Python's ``random``, and is that, except inside :func:`own_seeds`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_source.get() or random, name)


def seed_for(run_seed: int, *keys: str | int) -> int:
    """Derive a seed that Keras takes."""
    return derive(run_seed, "keras", *keys) % _MOST


def make_generator(run_seed: int, use: str) -> keras.random.SeedGenerator:
    """Make a seed generator of the run's."""
    return keras.random.SeedGenerator(seed_for(run_seed, use), name=use)


@contextmanager
def own_seeds(run_seed: int, use: str, shared: keras.random.SeedGenerator | None = None) -> Iterator[None]:
    """Let Keras take seeds that nobody gives from the run, on this thread and for a while.

    Parameters
    ----------
    run_seed : int
        The run's seed.
    use : str
        What is drawn for; the same seeds each time for the same use.
    shared : keras.random.SeedGenerator, optional
        Stands in the place of the thread's, from which ``keras.random`` functions draw that are given no seed. A graph
        that is traced meanwhile keeps it.
    """
    # Left in its place: it does nothing outside, and other runs may be inside.
    seed_generator.python_random = _PythonRandom()
    token = _source.set(random.Random(seed_for(run_seed, use)))  # noqa: S311 - not for secrets
    before = global_state.get_global_attribute(seed_generator.GLOBAL_SEED_GENERATOR)
    global_state.set_global_attribute(seed_generator.GLOBAL_SEED_GENERATOR, shared or before)
    try:
        yield
    finally:
        global_state.set_global_attribute(seed_generator.GLOBAL_SEED_GENERATOR, before)
        _source.reset(token)


def generators_of(net: Any) -> list[keras.random.SeedGenerator]:
    """Give the seed generators of a model's layers, in order, each once."""
    found: dict[int, keras.random.SeedGenerator] = {}
    for layer in net._flatten_layers():  # noqa: SLF001 - `layers` leaves out those inside layers
        for generator in layer._seed_generators:  # noqa: SLF001 - nothing public lists them
            found.setdefault(id(generator), generator)
    return list(found.values())


def seed_generators(net: Any, run_seed: int, name: str) -> None:
    """Begin each seed generator that nobody seeded with numbers of the run's: a function of its position.

    Parameters
    ----------
    net : keras.Model
        Whose layers are looked through.
    run_seed : int
        The run's seed.
    name : str
        The net's.
    """
    for position, generator in enumerate(generators_of(net)):
        if generator.get_config()["seed"] is None:
            generator.state.assign([seed_for(run_seed, "layers", name, position), 0])


def seed_initializers(net: Any, run_seed: int) -> None:
    """Seed the initializers of a model that isn't built yet, where nobody did: a function of their position."""
    position = 0
    for layer in net._flatten_layers():  # noqa: SLF001 - as above
        for value in vars(layer).values():
            if isinstance(value, keras.initializers.Initializer) and hasattr(value, "seed"):
                if value.get_config().get("seed") is None:
                    value.seed = seed_for(run_seed, "initial weights", position)
                position += 1


# --- a process of the run's own -----------------------------------------------------------------------


def seed_process(run_seed: int) -> None:
    """Seed TensorFlow's own generators, in a process where nobody else draws from them."""
    tf.random.set_seed(seed_for(run_seed, "process"))
    tf.random.set_global_generator(tf.random.Generator.from_seed(seed_for(run_seed, "global generator")))


def process_state() -> npt.NDArray[np.int64]:
    """Give the state of ``tf.random.get_global_generator()``."""
    return tf.random.get_global_generator().state.numpy()  # type: ignore[no-any-return]


def load_process_state(state: npt.NDArray[np.int64]) -> None:
    """Go on from a state."""
    tf.random.get_global_generator().reset(state)
