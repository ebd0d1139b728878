"""The verbs as functions of a reference, for those who hold no run."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.tal.control import Control
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.session import get


def pause(ref: str | None = None) -> Control:
    """Pause a run; see :meth:`Run.pause`."""
    return get(ref).pause()


def resume(ref: str | None = None, epochs: int | None = None, executor: str | None = None) -> Control:
    """Resume a run; see :meth:`Run.resume`."""
    return get(ref).resume(epochs=epochs, executor=executor)


def suspend(ref: str | None = None) -> Control:
    """Suspend a run; see :meth:`Run.suspend`."""
    return get(ref).suspend()


def stop(ref: str | None = None) -> Control:
    """Stop a run; see :meth:`Run.stop`."""
    return get(ref).stop()


def checkpoint(ref: str | None = None) -> Control:
    """Write a checkpoint that is kept; see :meth:`Run.checkpoint`."""
    return get(ref).checkpoint()


def set(ref: str | None = None, /, **values: Any) -> Control:  # noqa: A001 - the verb's name on every face
    """Change settings of a live run; see :meth:`Run.set`."""
    return get(ref).set(**values)


def clone(ref: str | None = None, step: int | None = None, **changes: Any) -> Run:
    """Start a new run from another's settings; see :meth:`Run.clone`."""
    return get(ref).clone(step, **changes)


def delete(ref: str) -> None:
    """Delete a run; see :meth:`Run.delete`."""
    get(ref).delete()


def get_best_model(ref: str | None = None) -> Any:
    """Give the model of a run's best checkpoint, the framework's own."""
    return get(ref).best.model()


def predict(x: Any, ref: str | None = None, checkpoint: str | int = "best") -> Any:
    """Predict with a run's checkpoint.

    Parameters
    ----------
    x : array-like
        As the data came, before preprocessing.
    ref : str, optional
        Which run.
    checkpoint : {"best", "last"} or int, default "best"
        Which checkpoint; a number is its step.
    """
    return get(ref).trained(checkpoint).predict(x)
