"""Our training as people start it: a thread, arrays, accuracy, curves, checkpoints, and the panel open."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from dltrainer_jupyter import tal
from tests.bench.subjects import steps_per_epoch


def trained(subject: ModuleType, model: Any, epochs: int, **settings: Any) -> None:
    """Train a model on a subject's arrays, and see that it made every step.

    Parameters
    ----------
    subject : module
        One of :mod:`tests.bench.subjects`.
    model : object
        The subject's net for some framework.
    epochs : int
        How long.
    **settings
        More for ``tal.train``, or others.
    """
    given = {"data": subject.arrays(), "batch_size": subject.BATCH, "epochs": epochs, "validation": False}
    run = tal.train(model, verbose=False, **given | settings)
    panel = run.panel()
    run.wait()
    panel.close()
    assert run.step == epochs * steps_per_epoch(subject), run


def supervised(subject: ModuleType, model: Any, epochs: int, **settings: Any) -> None:
    """Train a net of which only the layers are given, with Adam and accuracy."""
    chosen = {"optimizer": "adam", "learning_rate": subject.RATE, "metrics": ["accuracy"]}
    trained(subject, model, epochs, **chosen | settings)
