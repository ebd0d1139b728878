"""What a run is called that nobody has named."""

from __future__ import annotations

from typing import Any

import pytest
from torch import nn

from dltrainer_jupyter.tal import describe
from tests.tal.subject import SMALL, X, Y, net, quick


class Own(nn.Linear):
    """A model of the user's own."""


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"model": "mlp", "data": "digits"}, "mlp-digits"),
        ({"model": {"type": "mlp", "hidden": [8]}, "data": {"type": "digits"}}, "mlp-digits"),
        ({"model": Own(64, 10), "data": "digits"}, "Own-digits"),
        # A notebook binds a run to its name: "Own" and "mlp" would take the place of what else is called so.
        ({"model": Own, "data": (X, Y)}, "Own-run"),
        ({"model": "mlp", "data": (X, Y)}, "mlp-run"),
        ({"model": net(), "data": "digits"}, "digits-run"),
        ({"model": net, "data": (X, Y)}, "run"),
        ({"model": "mlp", "data": "digits", "name": "run"}, "run"),
    ],
)
def test_a_run_is_named_after_its_model_and_its_data(given: dict[str, Any], name: str) -> None:
    assert describe(given)[0].name == name


def test_a_clone_keeps_a_name_that_somebody_chose() -> None:
    run = quick()
    assert run.name == "mlp-run"
    assert run.clone(model=Own(6, 2), epochs=1).wait(60).name == "Own-run"
    assert quick(name="mine").clone(model=SMALL, epochs=1).wait(60).name == "mine"
