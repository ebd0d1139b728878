"""The full state of a training as named variables, and what may be written into them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from dltrainer_jupyter.adapters.shared.checkpoints import Part, check_array, check_names
from dltrainer_jupyter.adapters.tensorflow.arrays import dtype_of, from_raw, to_raw
from dltrainer_jupyter.adapters.tensorflow.naming import named_slots, named_weights
from dltrainer_jupyter.core.protocols import NamedArrays, TrainState

Variables = dict[str, tf.Variable]


def weights_of(nets: Mapping[str, Any], *, learned: bool = False) -> Variables:
    """Give the weights of all nets, or those that are learnt, named ``<net>.<weight>``."""
    return {
        f"{name}.{weight}": variable.value
        for name, net in nets.items()
        for weight, variable in named_weights(net).items()
        if not learned or any(variable is it for it in net.trainable_variables)
    }


def slots_of(state: TrainState) -> Variables:
    """Give the variables of all optimizers, named ``<optimizer>.<weight>.<slot>``."""
    single = len(state.nets) == 1
    trained = [
        (weight if single else f"{name}.{weight}", variable)
        for name, net in state.nets.items()
        for weight, variable in named_weights(net).items()
    ]
    return {
        f"{name}.{slot}": variable.value
        for name, optimizer in state.optimizers.items()
        for slot, variable in named_slots(optimizer, trained).items()
    }


def memory_of(nets: Mapping[str, Any]) -> Variables:
    """Give what Keras lists besides weights: the states of seed generators, and of metrics."""
    found: Variables = {}
    for name, net in nets.items():
        weights = {id(weight) for weight in net.weights}
        rest = [variable for variable in net.variables if id(variable) not in weights]
        found |= {f"$keras.{name}.{position}": variable.value for position, variable in enumerate(rest)}
    return found


def others_in(graph: tf.Graph | None, known: Iterable[tf.Variable]) -> Variables:
    """Give what a graph uses besides: states of recurrent layers, metrics, variables of the user's own code.

    They are named by position, since their own names count through the life of a process: in the order in which the
    step came to use them. The graph itself lists them by where they are in memory.
    """
    if graph is None:
        return {}
    seen = {variable.ref() for variable in known}
    used = {id(handle): position for position, handle in enumerate(graph.external_captures)}
    others = sorted(
        (variable for variable in graph.variables if variable.ref() not in seen),
        key=lambda variable: used[id(variable.handle)],
    )
    return {f"$graph.{position}": variable for position, variable in enumerate(others)}


def save_variables(variables: Variables, aside: Mapping[Any, tf.Tensor]) -> NamedArrays:
    """Copy the values of variables.

    Parameters
    ----------
    variables : dict of str to tensorflow.Variable
        By name.
    aside : mapping
        Values that are set aside for a while, by the reference of their variable; they are taken instead.
    """
    return {name: to_raw(aside.get(variable.ref(), variable), name) for name, variable in variables.items()}


def check_variables(variables: Variables, saved: NamedArrays, part: Part) -> None:
    """Raise if names, shapes or dtypes differ.

    Parameters
    ----------
    variables : dict of str to tensorflow.Variable
        By name.
    saved : dict of str to RawArray
        From a checkpoint.
    part : {"model", "optimizer"}
        What the checkpoint has another one of if they differ.

    Raises
    ------
    CheckpointError
        Says where.
    """
    check_names(part, missing=variables.keys() - saved.keys(), surplus=saved.keys() - variables.keys())
    for name, variable in variables.items():
        raw = saved[name]
        there = f"{tuple(raw.shape)} {dtype_of(raw).name}"
        check_array(part, name, there=there, here=f"{tuple(variable.shape)} {variable.dtype.name}")


def load_variables(variables: Variables, saved: NamedArrays) -> None:
    """Write saved values into variables; checked already."""
    for name, variable in variables.items():
        variable.assign(from_raw(saved[name]))
