"""Histograms are on where somebody asks for them, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.spec import HistogramSpec

USUAL = {"model": "mlp", "data": "digits"}
ASKING = {"type": "mlflow", "histograms": True}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"track": ["mlflow"]}, None),
        ({"track": [ASKING]}, True),
        ({"track": ["mlflow", "tensorboard"]}, True),
        ({"track": [{"type": "tensorboard", "histograms": False}]}, None),
        ({"track": [ASKING], "histograms": False}, False),
        ({"track": [ASKING], "histograms": {"bins": 8}}, HistogramSpec(bins=8)),
        ({"histograms": True}, True),
    ],
)
def test_a_tracker_that_asks_for_histograms_has_them_measured(settings: dict[str, Any], expected: Any) -> None:
    spec, _ = tal.describe({**USUAL, **settings})
    assert spec.histograms == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bins": 1}, "histograms.bins: expected greater than or equal to 2, got 1"),
        ({"bin": 64}, "Unknown key 'histograms.bin'. Did you mean 'bins'?"),
        (3, "histograms: expected a mapping of settings, got 3"),
    ],
)
def test_what_is_no_setting_of_histograms_is_named(given: Any, said: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        tal.describe({**USUAL, "histograms": given})
    assert str(refusal.value).startswith(said)
    assert "more after" not in str(refusal.value)
