"""What an adapter's tests are told about it, and the trainers they are given."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, ClassVar

import numpy as np
import pytest

from dltrainer_jupyter.testing.adapter_samples import Trainer

ABILITIES: dict[str, dict[str, Any]] = {
    "ema": {"ema": 0.9},
    "gradient_accumulation": {"gradient_accumulation": 3},
    "gradient_clipping": {"gradient_clipping": 0.05},
    "bf16-mixed": {"precision": "bf16-mixed"},
    "16-mixed": {"precision": "16-mixed"},
    "augmentation": {"augmentation": ["flip"]},
}
"""What an adapter may be able to do or refuse, and how it is asked for."""

Make = Callable[..., Trainer]


class AdapterFixtures:
    """Subclass it, name the framework and what it supports, and override ``model`` and the optimizers if need be.

    Attributes
    ----------
    framework : str
        The adapter's name among the entry points.
    supports : frozenset of str
        Keys of :data:`ABILITIES`; the adapter has to refuse the others by name.
    """

    framework: ClassVar[str]
    supports: ClassVar[frozenset[str]] = frozenset()

    @pytest.fixture
    def model(self) -> Any:
        """Give a registered model with settings: with dropout, with statistics of batches where there are any."""
        return {"type": "mlp", "hidden": [16], "dropout": 0.3, "batch_norm": True}

    @pytest.fixture
    def optimizer(self) -> Any:
        """Give a registered optimizer that keeps something for each weight."""
        return "adamw"

    @pytest.fixture
    def other_optimizer(self) -> Any:
        """Give one that keeps something else, or nothing."""
        return "sgd"

    def disturb(self) -> None:
        """Draw from, and reseed, the global generators as other cells do; a framework with its own adds them."""
        random.seed(random.random())  # noqa: S311 - to disturb, not to keep a secret
        np.random.seed(np.random.randint(1000))  # noqa: NPY002 - the legacy generator is the one to disturb

    @pytest.fixture
    def trainer(self, model: Any, optimizer: Any) -> Iterator[Make]:
        """Make trainers, which are closed after the test, latest first."""
        usual = {"framework": self.framework, "model": model, "optimizer": optimizer, "data": "digits"}
        with ExitStack() as stack:
            yield lambda **settings: stack.enter_context(Trainer(**usual | settings))
