"""What begins once nets have their weights: generators, optimizers, averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from dltrainer_jupyter.adapters.tensorflow.averages import Average
from dltrainer_jupyter.adapters.tensorflow.context import TensorFlowContext
from dltrainer_jupyter.adapters.tensorflow.fit import check_logits
from dltrainer_jupyter.adapters.tensorflow.groups import freeze, set_apart
from dltrainer_jupyter.adapters.tensorflow.ops import TensorFlowOps
from dltrainer_jupyter.adapters.tensorflow.precision import needs_scale
from dltrainer_jupyter.adapters.tensorflow.randomness import seed_generators
from dltrainer_jupyter.adapters.tensorflow.state import check_variables, load_variables, weights_of
from dltrainer_jupyter.core.protocols import NamedArrays, TrainState
from dltrainer_jupyter.core.spec import RunSpec


def begin(state: TrainState, context: TensorFlowContext, spec: RunSpec, ops: TensorFlowOps) -> None:
    """Seed what draws, make what optimizers keep for each weight, and begin averages.

    Parameters
    ----------
    state : TrainState
        Every net of it has its weights.
    context : TensorFlowContext
        Knows which optimizer and which loss were made.
    spec : RunSpec
        Its seed and its moving average.
    ops : TensorFlowOps
        Is told whether losses need a scale.

    Raises
    ------
    ConfigurationError
        If a net gives probabilities where its loss takes logits.
    """
    for name, net in state.nets.items():
        seed_generators(net, spec.seed, name)
    context.thawing += [freeze(net, context.groups) for _, net in context.optimized]
    context.groups.check()
    for optimizer, net in context.optimized:
        check_logits(net, context.loss_name)
        if not optimizer.built:
            optimizer.build(net.trainable_variables)
        set_apart(optimizer, net, context.groups)
        # Keras' LossScaleOptimizer holds another; it scales by itself.
        ops.scales |= needs_scale(net) and not hasattr(optimizer, "inner_optimizer")
    # Steps change numbers and arrays only as tensors: what they do to others happens once, while they are traced.
    state.extra |= {key: tf.convert_to_tensor(value) for key, value in state.extra.items() if _is_numeric(value)}
    if spec.ema is not None:
        state.averages = {name: Average(name, net, spec.ema) for name, net in state.nets.items()}


def _is_numeric(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.number | int | float) and not isinstance(value, bool)


def load_start(state: TrainState, weights: NamedArrays) -> None:
    """Put weights of another run into nets.

    Raises
    ------
    CheckpointError
        If they are another model's; nothing has been written then.
    """
    variables = weights_of(state.nets)
    check_variables(variables, weights, "model")
    load_variables(variables, weights)
