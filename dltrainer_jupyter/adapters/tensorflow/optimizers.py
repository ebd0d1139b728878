"""Optimizers by name, and their learning rates. Importing this module does not import Keras; building does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.adapters.shared import optimizers as shared

if TYPE_CHECKING:
    import keras


def base_rate(optimizer: keras.optimizers.Optimizer) -> float | None:
    """Give the rate an optimizer came with; None where it follows a schedule of its own."""
    if not is_settable(optimizer):
        return None
    # The number that the user wrote, which 32 bits hold only nearly.
    return float(str(optimizer.learning_rate.numpy()))


def is_settable(optimizer: keras.optimizers.Optimizer) -> bool:
    """Say whether an optimizer's learning rate is a number, which can be set from outside."""
    import keras

    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return isinstance(inner._learning_rate, keras.Variable)  # noqa: SLF001 - the public one hides schedules


def set_rate(optimizers: Iterable[keras.optimizers.Optimizer], rate: Any) -> None:
    """Let optimizers use this rate, a number or a tensor, from now on, where they have no schedule of their own."""
    for optimizer in filter(is_settable, optimizers):
        optimizer.learning_rate = rate


class SGD(shared.SGD):
    """Stochastic gradient descent."""

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        """Make the optimizer; the rate is that of the first step."""
        from dltrainer_jupyter.adapters.tensorflow.penalties import DampedSGD

        config = self.config
        return DampedSGD(
            learning_rate=learning_rate,
            momentum=config.momentum,
            nesterov=config.nesterov,
            dampening=config.dampening,
            penalty=config.weight_decay,
        )


class Adam(shared.Adam):
    """Adaptive moments."""

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        """Make the optimizer; the rate is that of the first step."""
        from dltrainer_jupyter.adapters.tensorflow.penalties import PenalizedAdam

        config = self.config
        return PenalizedAdam(
            learning_rate=learning_rate,
            beta_1=config.betas[0],
            beta_2=config.betas[1],
            # Keras adds it before the second moment is corrected for its beginning with 0 (as the paper's section 2
            # has it), PyTorch after: in the first steps of tiny gradients the two differ.
            epsilon=config.eps,
            amsgrad=config.amsgrad,
            penalty=config.weight_decay,
        )


class AdamW(shared.AdamW):
    """Adaptive moments and decoupled weight decay."""

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        """Make the optimizer; the rate is that of the first step."""
        import keras

        config = self.config
        return keras.optimizers.AdamW(
            learning_rate=learning_rate,
            beta_1=config.betas[0],
            beta_2=config.betas[1],
            epsilon=config.eps,  # as for Adam
            amsgrad=config.amsgrad,
            weight_decay=config.weight_decay,
        )
