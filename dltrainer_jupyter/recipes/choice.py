"""Which native recipe a person's own model asks for: seen by its class, so that nothing is imported."""

from __future__ import annotations

from typing import Any


def native_recipe_for(model: Any) -> str | None:
    """Name the recipe that trains a model by the model's own code.

    Parameters
    ----------
    model : object
        A model of a person's own, its class, or a function that makes one, of which nothing is known.

    Returns
    -------
    str or None
        ``"keras"`` for a Keras model that was compiled or overrides ``train_step``, ``"lightning"`` for a
        ``LightningModule``; None where a portable recipe trains it.

    Examples
    --------
    >>> native_recipe_for(lambda: "a model") is None
    True
    """
    kind = model if isinstance(model, type) else type(model)
    if _derives(kind, "LightningModule", ("lightning", "pytorch_lightning")):
        return "lightning"
    if _derives(kind, "Model", ("keras",)) and (getattr(model, "compiled", None) is True or brings_own_step(model)):
        return "keras"
    return None


def brings_own_step(model: Any) -> bool:
    """Tell whether a Keras model's ``train_step`` is not Keras' own."""
    return brings_own(model, "train_step")


def brings_own(model: Any, method: str) -> bool:
    """Tell whether a method of a Keras model is not Keras' own."""
    kind = model if isinstance(model, type) else type(model)
    if kind is not model and method in vars(model):
        return True
    giver = next((base for base in kind.__mro__ if method in vars(base)), None)
    return giver is not None and not _is_of(giver, ("keras",))


def _derives(kind: type, name: str, roots: tuple[str, ...]) -> bool:
    return any(base.__name__ == name and _is_of(base, roots) for base in kind.__mro__)


def _is_of(kind: type, roots: tuple[str, ...]) -> bool:
    return kind.__module__.partition(".")[0] in roots
