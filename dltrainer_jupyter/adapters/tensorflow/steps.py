"""A step as one graph: traced once, with the number of samples left open, and called with every batch.

Which form batches have is part of a graph, and a graph's form changes bits: so the form belongs to the state, and a
resumed run computes with the graph it had.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import tensorflow as tf

from dltrainer_jupyter.core.protocols import Batch

Extra = dict[str, Any]
Body = Callable[[Batch, Extra], tuple[Any, ...]]
"""What a step does with a batch and what a recipe keeps besides; gives structures of tensors."""


class Step:
    """One kind of step of one training.

    Parameters
    ----------
    body : callable
        The step.
    apart : callable
        Gives a context in which Python code of the step runs: while it is traced, or each time if it isn't.
    eager : bool, default False
        Run it in Python each time, where it can't be traced.

    Attributes
    ----------
    form : structure of tensorflow.TensorSpec or None
        Of a batch's parts; None before the first.
    """

    def __init__(self, body: Body, apart: Callable[[], AbstractContextManager[Any]], *, eager: bool = False) -> None:
        self._body = body
        self._apart = apart
        self.eager = eager
        self._compiled: Any = None
        self.form: Any = None

    @property
    def graph(self) -> tf.Graph | None:
        """What was traced."""
        return None if self._compiled is None else self._compiled.graph

    @property
    def results(self) -> Any:
        """Specifications of what the graph gives."""
        return None if self._compiled is None else self._compiled.structured_outputs

    def __call__(self, batch: Batch, extra: Extra) -> Any:
        """Make a step."""
        if self.eager:
            with self._apart():
                return self._body(batch, extra)
        parts = _parts(batch, extra)
        if self._compiled is None or not _fits(parts, self.form):
            self.prepare(batch, extra)
        return self._compiled(*_leaves(parts))

    def prepare(self, batch: Batch, extra: Extra) -> None:
        """Trace the step for batches of this form, and of those it had before."""
        form = _form(_parts(batch, extra))
        self.trace(form if self.form is None else _widened(self.form, form))

    def trace(self, form: Any) -> None:
        """Trace the step for batches of a form."""
        if self.eager or (self._compiled is not None and form == self.form):
            return

        def traced(*leaves: tf.Tensor) -> Any:
            remaining = iter(leaves)
            inputs, targets, whole, extra = tf.nest.map_structure(
                lambda spec: None if spec is None else next(remaining), form
            )
            counted = next(leaf for leaf in leaves if leaf.shape.rank)
            return self._body(Batch(inputs, targets, tf.shape(counted)[0], whole), extra)

        # Keras doesn't convert a model's Python code either, so that the same code is refused or taken.
        compiled = tf.function(traced, autograph=False)
        with self._apart():
            self._compiled = compiled.get_concrete_function(*_leaves(form))
        self.form = form


def _parts(batch: Batch, extra: Extra) -> tuple[Any, ...]:
    return batch.inputs, batch.targets, batch.whole, extra


def _leaves(parts: Any) -> list[Any]:
    return [leaf for leaf in tf.nest.flatten(parts) if leaf is not None]


def _form(parts: tuple[Any, ...]) -> Any:
    """Describe the parts of a batch; the first axis of each counts samples."""
    *batch, extra = parts

    def spec(leaf: Any, shape: Any) -> Any:
        return None if leaf is None else tf.TensorSpec(shape(leaf.shape), leaf.dtype)

    counted = tf.nest.map_structure(lambda leaf: spec(leaf, _any_number), tuple(batch))
    kept = tf.nest.map_structure(lambda leaf: spec(tf.convert_to_tensor(leaf), tuple), extra)
    return *counted, kept


def _any_number(shape: tf.TensorShape) -> tuple[int | None, ...]:
    return (None, *shape[1:]) if shape.rank else ()


def _fits(parts: Any, form: Any) -> bool:
    leaves, specs = _leaves(parts), _leaves(form)
    return len(leaves) == len(specs) and all(
        leaf.dtype == spec.dtype and spec.shape.is_compatible_with(leaf.shape)
        for leaf, spec in zip(leaves, specs, strict=True)
    )


def _widened(before: Any, now: Any) -> Any:
    """Give a form that both have; the new one where their kinds differ."""
    old, new = _leaves(before), _leaves(now)
    alike = len(old) == len(new) and all(
        a.dtype == b.dtype and a.shape.rank == b.shape.rank for a, b in zip(old, new, strict=True)
    )
    if not alike:
        return now
    merged = iter(
        tf.TensorSpec([a if a == b else None for a, b in zip(one.shape, other.shape, strict=True)], one.dtype)
        for one, other in zip(old, new, strict=True)
    )
    return tf.nest.map_structure(lambda spec: None if spec is None else next(merged), now)


def describe_form(form: Any) -> Any:
    """Describe a form in JSON types and tuples."""
    if isinstance(form, tf.TensorSpec):
        return {"$shape": list(form.shape), "dtype": form.dtype.name}
    if isinstance(form, dict):
        return {key: describe_form(value) for key, value in form.items()}
    if isinstance(form, tuple):
        return tuple(map(describe_form, form))
    return list(map(describe_form, form)) if isinstance(form, list) else form


def read_form(described: Any) -> Any:
    """Give back a form that :func:`describe_form` described."""
    if isinstance(described, dict):
        if "$shape" in described:
            return tf.TensorSpec(described["$shape"], tf.as_dtype(described["dtype"]))
        return {key: read_form(value) for key, value in described.items()}
    if isinstance(described, tuple):
        return tuple(map(read_form, described))
    return list(map(read_form, described)) if isinstance(described, list) else described
