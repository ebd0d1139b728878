"""What a predictor promises that can say where on an image it looked; skipped for one that can't."""

# ruff: noqa: S101, PLR2004 - assert is how a test speaks, and expected values are written where they are expected

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Explains, Samples
from dltrainer_jupyter.testing.adapter_fixtures import AdapterFixtures, Make

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array
    from dltrainer_jupyter.testing.adapter_samples import Trainer

_STEPS = 80


class ExplainingContract(AdapterFixtures):
    """Heatmaps over images."""

    @pytest.fixture
    def image_model(self) -> Any:
        """Give a registered model with convolutions, for images of one channel and 8 by 8 pixels."""
        return {"type": "cnn", "channels": [8], "hidden": 0, "dropout": 0}

    def test_heatmaps_are_brightest_where_the_class_is_decided(self, trainer: Make, image_model: Any) -> None:
        """In the corner with upright stripes, whatever lies in the others."""
        self._explaining(trainer())
        made = trainer(model=image_model, optimizer="adam")
        inputs, targets, corners = _striped()
        made.use(Samples(inputs, targets))
        predictor = self._explaining(made, steps=_STEPS)
        shown = inputs[targets == 1][:40]
        outputs = predictor.outputs(shown)
        assert (outputs.argmax(axis=1) == 1).mean() > 0.9
        maps = predictor.heatmaps(shown, np.ones(len(shown), np.int64))
        assert (maps.dtype, maps.shape) == (np.float32, (40, 8, 8))
        assert maps.min() >= 0
        assert maps.max() == 1
        rows, columns = np.divmod(maps.reshape(40, -1).argmax(axis=1), 8)
        assert (2 * (rows >= 4) + (columns >= 4) == corners[targets == 1][:40]).mean() > 0.9
        np.testing.assert_array_equal(predictor.outputs(shown), outputs)
        some = predictor.heatmaps(shown[:3], np.ones(3, np.int64))
        np.testing.assert_allclose(some, maps[:3], atol=1e-4)

    def test_a_model_without_convolutions_says_so(self, trainer: Make) -> None:
        """In a sentence."""
        made = trainer()
        predictor = self._explaining(made)
        with pytest.raises(ConfigurationError, match=re.escape("has no layer whose outputs lie like an image")):
            predictor.heatmaps(made.samples.inputs[:2], np.zeros(2, np.int64))

    @staticmethod
    def _explaining(made: Trainer, *, steps: int = 0) -> Any:
        made.step(steps)
        predictor = type(made.adapter).predictor(made.spec, {}, made.signature, made.save().weights)
        if not isinstance(predictor, Explains):
            pytest.skip("this predictor can't say where it looked")
        return predictor


def _striped() -> tuple[Array, Array, Array]:
    """Paint level stripes into corners of noisy images, and into one of half of them upright ones, which are the class.

    Returns
    -------
    inputs : numpy.ndarray of float32, shape (n, 1, 8, 8)
    targets, corners : numpy.ndarray of int64, shape (n,)
        The class, and where its stripes are: 0 to 3, row by row.
    """
    rng = np.random.default_rng(11)
    images = (rng.random((1280, 1, 8, 8)) * 0.1).astype(np.float32)
    targets, corners = rng.integers(0, 2, 1280), rng.integers(0, 4, 1280)
    upright = np.tile(np.array([1, 0, 1, 0], np.float32), (4, 1))
    for image, target, own, level in zip(images[:, 0], targets, corners, rng.random((1280, 4)) < 0.5, strict=True):
        for corner in range(4):
            row, column = 4 * (corner // 2), 4 * (corner % 2)
            if target and corner == own:
                image[row : row + 4, column : column + 4] += upright
            elif level[corner]:
                image[row : row + 4, column : column + 4] += upright.T
    return images, targets, corners
