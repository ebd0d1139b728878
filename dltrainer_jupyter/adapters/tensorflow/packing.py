"""Keras models as bytes, complete: what they were compiled with, optimizer slots, seeds, and classes of a notebook.

Keras' own pickling writes a ``.keras`` file. That forgets the state of seed generators, what an overridden ``compile``
was given and attributes that no ``get_config`` mentions, and it can't find classes that live in a notebook. Here the
objects themselves are pickled, as Python pickles any other; only what TensorFlow holds in its own memory needs help.

The bytes are a pickle followed by others that complete its objects. The layers of a model refer to each other in chains
deeper than Python may recurse; so an object of Keras' is packed empty first, and its content in a later pickle.
"""

from __future__ import annotations

import enum
import io
import pickle
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from dltrainer_jupyter.adapters.shared import pickling

_COMPILED = ("train_function", "test_function", "predict_function")
"""Attributes in which a model keeps what it compiled; it compiles again where they are None."""
_CONTAINERS = (OrderedDict, dict, list, set)
_FUNCTION = type(tf.function(lambda: None))
_LARGEST = 100_000_000
"""Bytes of a data set's graph, with the arrays in it, that are kept beside a run."""
_WRAPPED_LIST = type(tf.__internal__.tracking.wrap([]))
_WRAPPED_DICT = type(tf.__internal__.tracking.wrap({}))
"""What TensorFlow makes of a container that is an attribute; its constructor would look into what is still empty."""


def dumps(value: Any) -> bytes:
    """Pickle a value with all objects of Keras and TensorFlow in it.

    Parameters
    ----------
    value : object
        Anything; where nothing in it is of Keras or TensorFlow, the bytes are those of cloudpickle.

    Returns
    -------
    bytes
        One pickle or several, one after another, for :func:`~dltrainer_jupyter.adapters.shared.pickling.load_all`.

    Raises
    ------
    pickle.PicklingError
        If there is something among it that lives in TensorFlow's memory alone, such as a lookup table, or a data set
        whose graph isn't enough to make it again.
    Exception
        Whatever another object raises that can't be pickled.
    """
    buffer = io.BytesIO()
    pickler = _Pickler(buffer)
    pickler.dump(value)
    packed: list[Any] = []
    while pickler.empty:
        waiting, pickler.empty = pickler.empty, []
        pickler.dump(_Call(_fill, [(item, _content(item)) for item in waiting]))
        packed += waiting
    if packed:
        pickler.dump(_Call(_index_anew, [item for item in packed if _is_indexed(item)]))
    return buffer.getvalue()


def copied(value: Any) -> Any:
    """Copy a model or anything that holds one, with all its state."""
    return pickling.load_all(dumps(value))


def copies_of(values: Iterable[Any]) -> dict[int, Any]:
    """Copy the models, optimizers and losses among some values, for ``copy.deepcopy`` to take as they are.

    Returns
    -------
    dict of int to object
        The copies by the address of what they are copied from; empty if one of them can't be packed.
    """
    mine = [value for value in values if isinstance(value, keras.Model | keras.Optimizer | keras.Loss)]
    try:
        return dict(zip(map(id, mine), copied(mine), strict=True))
    except Exception:  # noqa: BLE001 - whatever an object raises that can't be pickled; Python's way is left
        return {}


class _Content(NamedTuple):
    """What an object holds."""

    attributes: Any
    """As ``__getstate__`` gives them."""
    items: list[Any]
    """Of a list or a set, or the pairs of a dictionary."""


class _Call:
    """Calls a function with an argument when it is unpickled."""

    def __init__(self, function: Any, argument: Any) -> None:
        self._reduced = function, (argument,)

    def __reduce__(self) -> Any:
        return self._reduced


class _Pickler(pickling.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.empty: list[Any] = []
        """Objects that were packed without their content."""

    def reducer_override(self, obj: Any) -> Any:
        if _is_filled_later(obj):
            self.empty.append(obj)
            return _make_empty, (type(obj),)
        if isinstance(obj, tf.Variable):
            return _make_variable, (obj.numpy(), _description(obj))
        if isinstance(obj, _FUNCTION):
            # What was traced belongs to this process.
            return obj._clone(None).__reduce_ex__(2)  # noqa: SLF001 - the only way to one untraced
        if isinstance(obj, tf.Tensor) and obj.dtype in (tf.resource, tf.variant):
            msg = "it holds a lookup table or another resource that lives in TensorFlow's memory alone"
            raise pickle.PicklingError(msg)
        if isinstance(obj, tf.data.Dataset):
            # Keras leaves the names of the classes on one it makes.
            named = {name: value for name, value in vars(obj).items() if not name.startswith("_")}
            return _make_data_set, (_graph(obj), obj.element_spec), named or None
        if isinstance(obj, tf.distribute.Strategy) and obj is tf.distribute.get_strategy():
            # The one in use where none was chosen; each process has its own.
            return tf.distribute.get_strategy, ()
        return super().reducer_override(obj)


def _is_filled_later(obj: Any) -> bool:
    """Tell whether an object's class is Keras' or derives from one, and the class hasn't its own way to be pickled."""
    kind = type(obj)
    if kind in (_WRAPPED_LIST, _WRAPPED_DICT):
        return True
    if issubclass(kind, type | tuple | enum.Enum | BaseException):
        return False
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] == "keras":
            return True
        if "__reduce__" in vars(base) or "__reduce_ex__" in vars(base):
            return False
    return False


def _content(obj: Any) -> _Content:
    if type(obj) is _WRAPPED_DICT:
        own = {name: value for name, value in vars(obj).items() if name.startswith("_self_")}
        return _Content(own, [obj.__wrapped__])
    attributes = obj.__getstate__()
    if isinstance(attributes, dict):
        attributes = attributes | {name: None for name in _COMPILED if name in attributes}
        if isinstance(obj, keras.Layer):
            # Of the latest call, and tensors of a graph where that was compiled.
            attributes |= {"_losses": [], "_loss_ids": set()}
    # What is in the container itself, whatever its class makes of being looked through.
    base = _container(type(obj))
    items = list(base.items(obj)) if issubclass(base, dict) else [] if base is object else list(base.__iter__(obj))
    return _Content(attributes, items)


def _container(kind: type) -> Any:
    """Give the container of Python's that a class derives from, or object."""
    return next((base for base in _CONTAINERS if issubclass(kind, base)), object)


def _make_empty(kind: type) -> Any:
    """Make an object without calling what its class or Keras does to a new one."""
    if kind is _WRAPPED_DICT:
        return kind()
    return _container(kind).__new__(kind)


def _fill(contents: Iterable[tuple[Any, _Content]]) -> None:
    for obj, (attributes, items) in contents:
        if type(obj) is _WRAPPED_DICT:
            (obj.__wrapped__,) = items
            vars(obj).update(attributes)
            continue
        if hasattr(type(obj), "__setstate__"):
            obj.__setstate__(attributes)
        else:
            in_dict, in_slots = attributes if isinstance(attributes, tuple) else (attributes, None)
            # Not by setattr, with which Keras keeps its books: they are among the attributes.
            obj.__dict__.update(in_dict or {})
            for name, value in (in_slots or {}).items():
                object.__setattr__(obj, name, value)
        # Nor by methods of the container's own class, for the same reason.
        match _container(type(obj)):
            case base if issubclass(base, dict):
                for key, value in items:
                    base.__setitem__(obj, key, value)
            case base if base is list:
                list.extend(obj, items)
            case base if base is set:
                set.update(obj, items)


def _is_indexed(obj: Any) -> bool:
    """Tell whether an object finds others by where they are in memory, or by names that are given anew."""
    return not {"stored_ids", "_trainable_variables_indices"}.isdisjoint(getattr(obj, "__dict__", ()))


def _index_anew(objects: Iterable[Any]) -> None:
    for obj in objects:
        if "stored_ids" in vars(obj):
            obj.stored_ids = {name: {id(item) for item in store} for name, (_, store) in obj.config.items()}
        else:
            variables = obj._trainable_variables  # noqa: SLF001 - Keras offers no other way
            obj._trainable_variables_indices = {  # noqa: SLF001
                obj._var_key(variable): index  # noqa: SLF001
                for index, variable in enumerate(variables)
            }


def _description(variable: tf.Variable) -> dict[str, Any]:
    return {
        "trainable": variable.trainable,
        "name": variable.name.partition(":")[0],
        "dtype": variable.dtype,
        "shape": variable.shape,
        "constraint": variable.constraint,
        "synchronization": variable.synchronization,
        "aggregation": variable.aggregation,
    }


def _make_variable(value: Any, description: dict[str, Any]) -> tf.Variable:
    return tf.Variable(value, **description)


def _graph(dataset: tf.data.Dataset) -> bytes:
    """Write a data set down: its operations, the arrays it holds, and the values of variables.

    Raises
    ------
    pickle.PicklingError
        If that isn't enough to make it again in another process.
    """
    # Drawing random numbers counts as state: they are no reason against it.
    ignore = tf.data.experimental.ExternalStatePolicy.IGNORE.value
    try:
        written: bytes = tf.raw_ops.DatasetToGraphV2(
            input_dataset=tf.data.experimental.to_variant(dataset),
            external_state_policy=ignore,
            strip_device_assignment=True,
        ).numpy()
    except (tf.errors.OpError, ValueError) as error:
        msg = f"TensorFlow can't write the tf.data.Dataset down: {str(error).partition(chr(10))[0]}"
        raise pickle.PicklingError(msg) from error
    if len(written) > _LARGEST:
        msg = (
            f"the tf.data.Dataset holds {len(written) / 1e6:,.0f} MB, more than the {_LARGEST / 1e6:,.0f} MB that are "
            "kept beside a run; one that reads files is small"
        )
        raise pickle.PicklingError(msg)
    graph = tf.compat.v1.GraphDef.FromString(written)
    operations = {node.op for node in graph.node}
    operations.update(node.op for function in graph.library.function for node in function.node_def)
    if any("PyFunc" in operation for operation in operations):
        msg = (
            "the tf.data.Dataset calls Python functions (from_generator, py_function or numpy_function), which it has "
            "in this process alone"
        )
        raise pickle.PicklingError(msg)
    if any("Table" in operation for operation in operations):
        msg = "the tf.data.Dataset uses a lookup table, which lives in TensorFlow's memory alone"
        raise pickle.PicklingError(msg)
    return written


def _make_data_set(graph: bytes, element_spec: Any) -> tf.data.Dataset:
    variant = tf.raw_ops.DatasetFromGraph(graph_def=graph)
    return tf.data.experimental.from_variant(variant, element_spec)
