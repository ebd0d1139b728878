"""What an adapter can be asked for and may refuse."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Follower, Recipe
from dltrainer_jupyter.core.spec import RunSpec


def refuse_unsupported(spec: RunSpec, framework: str, supports: AbstractSet[str]) -> None:
    """Raise if a run asks for what its framework's adapter doesn't do; called when the adapter opens.

    Parameters
    ----------
    spec, framework, supports
        As :func:`unsupported` takes them.

    Raises
    ------
    ConfigurationError
        Names the key, and what to do.
    """
    for msg in unsupported(spec, framework, supports).values():
        raise ConfigurationError(msg)


def unsupported(spec: RunSpec, framework: str, supports: AbstractSet[str]) -> dict[str, str]:
    """Say what a run asks for and its framework's adapter doesn't do.

    Parameters
    ----------
    spec : RunSpec
        What is asked for.
    framework : str
        As people call it.
    supports : set of str
        Any of ``ema``, ``gradient_accumulation``, ``gradient_clipping``, ``augmentation``, ``bf16-mixed`` and
        ``16-mixed``.

    Returns
    -------
    dict
        By key a sentence that names it, and what to do.
    """
    wanted = {
        "ema": (spec.ema is not None, "ema"),
        "gradient_accumulation": (spec.gradient_accumulation > 1, "gradient_accumulation"),
        "gradient_clipping": (spec.gradient_clipping is not None, "gradient_clipping"),
        "augmentation": (bool(spec.augmentation), "augmentation"),
        spec.precision: (spec.precision != "32-true", "precision"),
    }
    return {
        key: f"{key}: {framework} can't do {ability} here; leave {key} out."
        for ability, (asked, key) in wanted.items()
        if asked and ability not in supports
    }


def refuse_own_loss(recipe: Recipe) -> None:
    """Raise if a recipe computes its loss in steps of its own, which note what they measure.

    Raises
    ------
    ConfigurationError
        Says why.
    """
    if isinstance(recipe, Follower):
        msg = f"{type(recipe).__name__} computes the loss in steps of its own, which would note what they measure"
        raise ConfigurationError(msg)
