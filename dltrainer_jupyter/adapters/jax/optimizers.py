"""Optimizers by name, on optax, and their learning rates. Importing this module does not import jax; building does.

Each computes what PyTorch's of the same name does. The learning rate lies in the optimizer's state, so that another
one compiles nothing anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from dltrainer_jupyter.adapters.shared import adaptive, optimizers, updates
from dltrainer_jupyter.adapters.shared.updates import Rule

if TYPE_CHECKING:
    import optax

_RATE = "learning_rate"


class SGD(optimizers.SGD):
    """Stochastic gradient descent with momentum."""

    def build(self, learning_rate: float) -> optax.GradientTransformationExtraArgs:
        """Make the transformation, with the rate of the first step."""
        import optax

        from dltrainer_jupyter.adapters.jax.transformations import dampened_trace

        config = self.config
        steps = [optax.add_decayed_weights(config.weight_decay)] if config.weight_decay else []
        if config.momentum and config.dampening:
            steps.append(dampened_trace(config.momentum, config.dampening))
        elif config.momentum:
            steps.append(optax.trace(config.momentum, nesterov=config.nesterov))
        return optax.chain(*steps, _scaled_by(learning_rate))


class Adam(optimizers.Adam):
    """Adam; weight decay joins the gradient."""

    def build(self, learning_rate: float) -> optax.GradientTransformationExtraArgs:
        """Make the transformation, with the rate of the first step."""
        import optax

        config = self.config
        decay = [optax.add_decayed_weights(config.weight_decay)] if config.weight_decay else []
        return optax.chain(*decay, _moments(config), _scaled_by(learning_rate))


class AdamW(optimizers.AdamW):
    """Adam; weight decay is apart from the gradient."""

    def build(self, learning_rate: float) -> optax.GradientTransformationExtraArgs:
        """Make the transformation, with the rate of the first step."""
        import optax

        config = self.config
        decay = [optax.add_decayed_weights(config.weight_decay)] if config.weight_decay else []
        return optax.chain(_moments(config), *decay, _scaled_by(learning_rate))


class _Ruled:
    """Common construction of those that step by a rule; a subclass names it."""

    rule: ClassVar[Callable[[Any], Rule]]
    config: Any

    def build(self, learning_rate: float) -> optax.GradientTransformationExtraArgs:
        """Make the transformation, with the rate of the first step."""
        import optax

        from dltrainer_jupyter.adapters.jax.transformations import ruled

        rule, decay = type(self).rule(self.config), self.config.weight_decay
        joins = [optax.add_decayed_weights(decay)] if decay else []
        before, after = (joins if rule.decay == where else [] for where in ("penalty", "decoupled"))
        return optax.chain(*before, ruled(rule, decay), *after, _scaled_by(learning_rate))


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


def _moments(config: optimizers.Adam.Config | optimizers.AdamW.Config) -> optax.GradientTransformation:
    import optax

    from dltrainer_jupyter.adapters.jax.transformations import largest_moments

    make = largest_moments if config.amsgrad else optax.scale_by_adam
    return make(*config.betas, eps=config.eps)


def _scaled_by(learning_rate: float) -> optax.GradientTransformation:
    import optax

    return optax.inject_hyperparams(optax.scale_by_learning_rate)(learning_rate=learning_rate)


def injected_rates(slots: Any) -> dict[tuple[Any, ...], Any]:
    """Find the learning rates in an optax state that somebody outside may set, by their place in it.

    Those are what ``optax.inject_hyperparams`` was given as a number; one that follows a schedule of optax's is
    computed anew in each step, whatever is written there.
    """
    import jax

    return {
        path: node.hyperparams[_RATE]
        for path, node in jax.tree_util.tree_leaves_with_path(slots, is_leaf=_is_injected)
        if _is_injected(node) and _RATE in node.hyperparams and _RATE not in node.hyperparams_states
    }


def with_rates(slots: Any, rates: dict[tuple[Any, ...], Any]) -> Any:
    """Give an optax state with other learning rates, at places that :func:`injected_rates` found."""
    import jax

    def replaced(path: tuple[Any, ...], node: Any) -> Any:
        return node._replace(hyperparams=node.hyperparams | {_RATE: rates[path]}) if path in rates else node

    return jax.tree_util.tree_map_with_path(replaced, slots, is_leaf=_is_injected)


def _is_injected(node: Any) -> bool:
    import optax

    return isinstance(node, optax.InjectStatefulHyperparamsState)
