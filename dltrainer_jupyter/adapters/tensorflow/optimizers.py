"""Optimizers by name, and their learning rates. Importing this module does not import Keras; building does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.adapters.shared import adaptive, updates
from dltrainer_jupyter.adapters.shared import optimizers as shared
from dltrainer_jupyter.adapters.shared.updates import Rule

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
            decay=config.weight_decay,
        )


class Adam(shared.Adam):
    """Adaptive moments."""

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        """Make the optimizer; the rate is that of the first step."""
        return _adam(self.config, learning_rate, decoupled=False)


class AdamW(shared.AdamW):
    """Adaptive moments and decoupled weight decay."""

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        """Make the optimizer; the rate is that of the first step."""
        return _adam(self.config, learning_rate, decoupled=True)


def _adam(config: shared.Adam.Config | shared.AdamW.Config, learning_rate: float, *, decoupled: bool) -> Any:
    from dltrainer_jupyter.adapters.tensorflow.penalties import DecayingAdam

    return DecayingAdam(
        learning_rate=learning_rate,
        beta_1=config.betas[0],
        beta_2=config.betas[1],
        # Keras adds it before the second moment is corrected for its beginning with 0 (as the paper's section 2 has
        # it), PyTorch after: in the first steps of tiny gradients the two differ.
        epsilon=config.eps,
        amsgrad=config.amsgrad,
        decay=config.weight_decay,
        decoupled=decoupled,
    )


class _Ruled:
    """Common construction of those that step by a rule; a subclass names it."""

    rule: ClassVar[Callable[[Any], Rule]]
    config: Any

    def build(self, learning_rate: float) -> keras.optimizers.Optimizer:
        """Make the optimizer; the rate is that of the first step."""
        from dltrainer_jupyter.adapters.tensorflow.ruled import Ruled

        rule = type(self).rule(self.config)
        return Ruled(
            rule,
            learning_rate=learning_rate,
            decay=self.config.weight_decay,
            decoupled=rule.decay == "decoupled",
            name=type(self).__name__.lower(),
        )


class RMSprop(adaptive.RMSprop, _Ruled):
    """Gradients divided by the root of their mean square."""

    rule = updates.rmsprop


class Adagrad(adaptive.Adagrad, _Ruled):
    """Gradients divided by the root of the sum of their squares."""

    rule = updates.adagrad


class Adadelta(adaptive.Adadelta, _Ruled):
    """Steps as large as the last ones."""

    rule = updates.adadelta


class NAdam(adaptive.NAdam, _Ruled):
    """Adam that looks ahead along its momentum."""

    rule = updates.nadam


class RAdam(adaptive.RAdam, _Ruled):
    """Adam with a rectified beginning."""

    rule = updates.radam


class Adamax(adaptive.Adamax, _Ruled):
    """Adam with the largest gradient of late in place of the second moment."""

    rule = updates.adamax


class Lion(adaptive.Lion, _Ruled):
    """Steps of one size, in the direction of a momentum's sign."""

    rule = updates.lion


class Lamb(adaptive.Lamb, _Ruled):
    """Adam's steps in proportion to each layer's weights."""

    rule = updates.lamb
