"""The verbs as functions of a reference, for those who hold no run."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.tal.control import Control
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.session import get


def pause(ref: str | None = None) -> Control:
    """Let a run rest after the current step, in memory, until it is resumed; see :meth:`Run.pause`.

    Parameters
    ----------
    ref : str, optional
        Which run, as for :func:`tal.get`.
    """
    return get(ref).pause()


def resume(ref: str | None = None, epochs: int | None = None, executor: str | None = None) -> Control:
    """Let a run go on: a paused one at once, an ended one from its last checkpoint; see :meth:`Run.resume`.

    Parameters
    ----------
    ref : str, optional
        Which run, as for :func:`tal.get`.
    epochs : int, optional
        New number of epochs; needed to go on with a completed run.
    executor : str, optional
        Where to go on; by default where it ran. Only for an ended run.
    """
    return get(ref).resume(epochs=epochs, executor=executor)


def suspend(ref: str | None = None) -> Control:
    """Let a run write a checkpoint and free the memory; see :meth:`Run.suspend`.

    Parameters
    ----------
    ref : str, optional
        Which run, as for :func:`tal.get`.
    """
    return get(ref).suspend()


def stop(ref: str | None = None) -> Control:
    """Let a run write a checkpoint and end; see :meth:`Run.stop`.

    Parameters
    ----------
    ref : str, optional
        Which run, as for :func:`tal.get`.
    """
    return get(ref).stop()


def checkpoint(ref: str | None = None) -> Control:
    """Let a run write a checkpoint that is kept; see :meth:`Run.checkpoint`.

    Parameters
    ----------
    ref : str, optional
        Which run, as for :func:`tal.get`.
    """
    return get(ref).checkpoint()


def set(ref: str | None = None, /, **values: Any) -> Control:  # noqa: A001 - the verb's name on every face
    """Change settings of a live run from the next step on; see :meth:`Run.set`.

    Parameters
    ----------
    ref : str, optional
        Which run, as for :func:`tal.get`.
    **values
        Settings by key.
    """
    return get(ref).set(**values)


def clone(ref: str | None = None, step: int | None = None, **changes: Any) -> Run:
    """Start a new run from another's settings; see :meth:`Run.clone`.

    Parameters
    ----------
    ref : str, optional
        Which run, as for :func:`tal.get`.
    step : int, optional
        Step of the checkpoint whose weights to begin with; by default they are fresh.
    **changes
        Settings as for :func:`tal.train`.
    """
    return get(ref).clone(step, **changes)


def delete(ref: str) -> None:
    """Remove an ended run with its history and files; see :meth:`Run.delete`.

    Parameters
    ----------
    ref : str
        Which run, as for :func:`tal.get`.
    """
    get(ref).delete()


def get_best_model(ref: str | None = None) -> Any:
    """Give the model of a run's best checkpoint, the framework's own.

    Parameters
    ----------
    ref : str, optional
        Which run, as for :func:`tal.get`.

    Returns
    -------
    object
        A module or a model, for the caller to keep.
    """
    return get(ref).best.model()


def predict(x: Any, ref: str | None = None, checkpoint: str | int = "best") -> Any:
    """Predict with a run's checkpoint.

    Parameters
    ----------
    x : array-like
        As the data came, before preprocessing.
    ref : str, optional
        Which run, as for :func:`tal.get`.
    checkpoint : {"best", "last"} or int, default "best"
        Which checkpoint; a number is its step.

    Returns
    -------
    object
        What :meth:`TrainedModel.predict` gives.
    """
    return get(ref).trained(checkpoint).predict(x)
