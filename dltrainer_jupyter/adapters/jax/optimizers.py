"""Optimizers by name, on optax, and their learning rates. Importing this module does not import jax; building does.

Each computes what PyTorch's of the same name does. The learning rate lies in the optimizer's state, so that another
one compiles nothing anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.adapters.shared import optimizers

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
