from __future__ import annotations

import pytest

from dltrainer_jupyter.adapters.shared.losses import default_loss
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature


@pytest.mark.parametrize(
    ("signature", "loss"),
    [
        (Signature("classification", (4,), 3), "cross_entropy"),
        (Signature("classification", (4,), 1), "bce"),
        (Signature("segmentation", (3, 8, 8), 3), "cross_entropy"),
        (Signature("regression", (4,), 1), "mse"),
    ],
)
def test_the_task_chooses_a_loss(signature: Signature, loss: str) -> None:
    assert default_loss(signature).type == loss


def test_boxes_take_a_recipe() -> None:
    with pytest.raises(ConfigurationError, match="set recipe: detection and model: detector"):
        default_loss(Signature("detection", (3, 8, 8), 3))
