"""Outputs as the rest of the house wants them: logits, also of a model that ends in a softmax or a sigmoid."""

from __future__ import annotations

from typing import Any

_TAKE_PROBABILITIES = frozenset(
    {
        "binary_crossentropy",
        "binary_focal_crossentropy",
        "categorical_crossentropy",
        "categorical_focal_crossentropy",
        "sparse_categorical_crossentropy",
    }
)
"""Losses of Keras' that take probabilities unless they are told otherwise."""
_CHOSEN_BY_SHAPE = ("crossentropy", "ce")
"""What Keras makes one of them of."""


def as_logits(model: Any, outputs: Any) -> Any:
    """Give outputs as logits where the loss a model was compiled with takes probabilities; others as they are.

    Parameters
    ----------
    model : keras.Model
        With one output, or several, which are left as they are.
    outputs : tensorflow.Tensor, shape (n, 1), (n, classes) or (n, ..., classes)
        As the model gives them.

    Returns
    -------
    tensorflow.Tensor
        Of a single probability its log-odds, of several their logarithms: a softmax brings them back.
    """
    import tensorflow as tf

    if not _takes_probabilities(getattr(model, "loss", None)):
        return outputs
    least = tf.cast(1e-7, outputs.dtype) if outputs.dtype != tf.float16 else tf.cast(1e-4, outputs.dtype)
    bounded = tf.clip_by_value(outputs, least, 1 - least)
    return tf.math.log(bounded) - tf.math.log1p(-bounded) if outputs.shape[-1] == 1 else tf.math.log(bounded)


def comparable(outputs: Any, targets: Any) -> tuple[Any, Any]:
    """Give targets the shape of outputs where those are a column and the targets aren't, as losses of Keras' do."""
    in_column = outputs.shape.rank == 2 and outputs.shape[1] == 1 and targets.shape.rank == 1  # noqa: PLR2004
    return outputs, targets[:, None] if in_column else targets


def _takes_probabilities(loss: Any) -> bool:
    """Tell what a loss given to ``compile`` takes; of losses for several outputs nothing is told."""
    import keras

    if isinstance(loss, str):
        if loss in _CHOSEN_BY_SHAPE:
            return True
        loss = keras.losses.get(loss)
    if isinstance(loss, keras.losses.Loss):
        return getattr(loss, "from_logits", True) is False
    return getattr(loss, "__name__", None) in _TAKE_PROBABILITIES
