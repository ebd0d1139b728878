"""What the terms of an objective are called."""

from __future__ import annotations

import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.core.terms import terms_of


def names(**settings: object) -> list[str]:
    return [term.name for term in terms_of(RunSpec(model="mlp", data="digits", **settings))]  # type: ignore[arg-type]


def test_a_function_may_be_called_loss() -> None:
    """As most people call theirs; the sum of all terms is called so, too."""
    own = Part.user_object("loss")
    assert names(loss=own) == ["own_loss"]
    assert names(loss=own, regularization=["l2"]) == ["own_loss", "l2"]
    with pytest.raises(ConfigurationError, match="the loss as a whole is called 'loss' already"):
        names(loss=[{"type": "mse", "name": "loss"}, "mae"])


def test_names_are_numbered_where_they_would_be_the_same() -> None:
    assert names(loss=["mse", "mse", "mse"]) == ["mse_loss", "mse_loss_2", "mse_loss_3"]


def test_something_has_to_be_learnt() -> None:
    watched = {"type": "mse", "weight": 0}
    with pytest.raises(ConfigurationError, match="every term has weight 0, so nothing would be learnt"):
        names(loss=[watched, {"type": "mae", "weight": 0}])
    assert names(loss=[watched, "mae"]) == ["mse_loss", "mae_loss"]
    assert names(loss=[watched], regularization="l2") == ["mse_loss", "l2"]
