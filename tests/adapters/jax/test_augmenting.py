from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from dltrainer_jupyter.adapters.jax import pixels
from dltrainer_jupyter.adapters.jax.augmenting import Augmentation
from tests.adapters.augmenting import AugmentingChecks


class TestAugmenting(AugmentingChecks):
    augmentation = Augmentation
    pixels = pixels

    def tensor(self, array: np.ndarray) -> jax.Array:
        return jnp.asarray(array.astype(np.int32) if array.dtype == np.int64 else array)

    def applied(self, operation: str, *arguments: np.ndarray) -> np.ndarray:
        return np.asarray(jax.jit(getattr(pixels, operation))(*map(self.tensor, arguments)))

    def reseed(self) -> None:
        """JAX has no global generator."""
