"""The operations of portable recipes, on TensorFlow. They are called while a step is traced, not while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from dltrainer_jupyter.adapters.shared.checkpoints import check_waiting
from dltrainer_jupyter.adapters.shared.scaling import BACKOFF, FIRST_SCALE, GROWTH, SMALL, STEADY
from dltrainer_jupyter.adapters.tensorflow.arrays import from_raw
from dltrainer_jupyter.adapters.tensorflow.modes import plain
from dltrainer_jupyter.adapters.tensorflow.naming import named_weights
from dltrainer_jupyter.core.protocols import LossFunction, NamedArrays, TrainState
from dltrainer_jupyter.core.spec import ClippingSpec, RunSpec

_COUNT = "$batches."
"""In front of the name of an optimizer: how many batches wait for its next update."""


class TensorFlowOps:
    """What a recipe may ask of TensorFlow.

    Parameters
    ----------
    spec : RunSpec
        Says how often to update, how to bound gradients, and whether to leave out the update of a batch whose loss is
        NaN or infinite. All of it is decided on the device, so nothing waits for it.

    Attributes
    ----------
    scales : bool
        Whether the loss is scaled, so that small gradients in 16 bits don't become 0; to be set before the first step.
    variables : dict of str to tensorflow.Variable
        What must be kept from one step to the next: gradients that wait, their number, scales of the loss.
    """

    def __init__(self, spec: RunSpec) -> None:
        self._skips = spec.on_nan == "skip"
        self._bound = spec.gradient_clipping
        self._batches = spec.gradient_accumulation
        self.scales = False
        self.variables: dict[str, tf.Variable] = {}

    def update(self, state: TrainState, loss_fn: LossFunction, *, wrt: str, using: str) -> tuple[TrainState, Any, Any]:
        """Compute the loss of one net, its gradient, and let one optimizer apply it when it is due.

        Returns
        -------
        state : TrainState
            The one that was given; variables are changed in place.
        loss : tensorflow.Tensor, shape ()
            Not scaled.
        outputs : tensorflow.Tensor
            As ``loss_fn`` gave them.
        """
        net = plain(state.nets[wrt])
        before = self._remember(state) if self._skips else []
        with tf.GradientTape() as tape:
            loss, outputs = loss_fn(state.nets)
            scaled = self._scaled(loss, state, using)
        weights = net.trainable_variables
        found = tape.gradient(scaled, [weight.value for weight in weights])
        learned = [(gradient, weight) for gradient, weight in zip(found, weights, strict=True) if gradient is not None]
        if not learned:
            msg = f"the loss doesn't depend on a weight of '{wrt}' that could be trained"
            raise ValueError(msg)
        gradients, weights = zip(*learned, strict=True)

        def take() -> None:
            self._take(state, wrt, using, gradients, weights)

        def leave_out() -> None:
            for variable, value in before:
                variable.assign(value)

        if self._skips:
            tf.cond(tf.math.is_finite(loss), take, leave_out)
        else:
            take()
        return state, loss, outputs

    def check(self, saved: NamedArrays) -> None:
        """Raise if more batches wait in a checkpoint than make an update here.

        Raises
        ------
        CheckpointError
            Says both numbers.
        """
        most = max((int(from_raw(raw)) for name, raw in saved.items() if name.startswith(_COUNT)), default=0)
        check_waiting(most, self._batches)

    # --- its pieces -----------------------------------------------------------------------------------

    @staticmethod
    def _remember(state: TrainState) -> list[tuple[tf.Variable, tf.Tensor]]:
        """Copy what layers note while they compute: a mean over what isn't finite would stay there for good."""
        noted = [weight.value for net in state.nets.values() for weight in plain(net).non_trainable_weights]
        return [(variable, tf.identity(variable)) for variable in noted]

    def _take(self, state: TrainState, wrt: str, using: str, gradients: Sequence[Any], weights: Sequence[Any]) -> None:
        """Count a batch, and apply what has come together if an update is due."""
        if self._batches == 1:
            self._apply(state, wrt, using, gradients, weights)
            return
        names = {id(weight): name for name, weight in named_weights(plain(state.nets[wrt])).items()}
        sums = [self._kept(f"$waiting.{using}.{names[id(weight)]}", weight.shape, weight.dtype) for weight in weights]
        count = self._kept(f"{_COUNT}{using}", (), tf.int64)
        for total, gradient in zip(sums, gradients, strict=True):
            total.assign_add(tf.convert_to_tensor(gradient) / self._batches)
        count.assign_add(1)

        def due() -> None:
            self._apply(state, wrt, using, [total.read_value() for total in sums], weights)
            for total in sums:
                total.assign(tf.zeros_like(total))
            count.assign(0)

        tf.cond(tf.equal(count, self._batches), due, _nothing)

    def _apply(self, state: TrainState, wrt: str, using: str, gradients: Sequence[Any], weights: Sequence[Any]) -> None:
        """Let an optimizer apply gradients, bounded, unless a scaled one overflowed; then averages follow."""
        if self.scales:
            scale = self._scale(using)
            gradients = [gradient / tf.cast(scale, gradient.dtype) for gradient in map(tf.convert_to_tensor, gradients)]

        def apply() -> None:
            bounded = gradients if self._bound is None else clipped(gradients, self._bound)
            state.optimizers[using].apply(bounded, weights)
            if wrt in state.averages:
                state.averages[wrt].update()

        if not self.scales:
            apply()
            return
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients])
        tf.cond(finite, apply, _nothing)
        self._adapt_scale(using, finite)

    def _scaled(self, loss: tf.Tensor, state: TrainState, using: str) -> tf.Tensor:
        if self.scales:
            return loss * tf.cast(self._scale(using), loss.dtype)
        # An optimizer of the user's may scale by itself.
        return state.optimizers[using].scale_loss(loss)

    def _scale(self, using: str) -> tf.Variable:
        return self._kept(f"$scale.{using}", (), tf.float32, FIRST_SCALE)

    def _adapt_scale(self, using: str, finite: tf.Tensor) -> None:
        """Back the scale off after an overflow; let it grow after many updates without one."""
        scale = self._scale(using)
        since = self._kept(f"$scale.{using}.since", (), tf.int64)
        steps = tf.where(finite, since + 1, tf.zeros_like(since))
        grows = tf.equal(steps, STEADY)
        scale.assign(scale * tf.where(finite, tf.where(grows, GROWTH, 1.0), BACKOFF))
        since.assign(tf.where(grows, tf.zeros_like(steps), steps))

    def _kept(self, name: str, shape: Any, dtype: Any, begin: float = 0) -> tf.Variable:
        """Give a variable of the state; it is made, outside of the graph, when it is first asked for."""
        found = self.variables.get(name)
        if found is None:
            with tf.init_scope():
                found = self.variables[name] = tf.Variable(tf.fill(shape, tf.cast(begin, dtype)), trainable=False)
        return found


def clipped(gradients: Sequence[Any], bound: ClippingSpec) -> list[tf.Tensor]:
    """Bound each value, then the norm of all gradients together.

    Parameters
    ----------
    gradients : sequence of tensorflow.Tensor or tensorflow.IndexedSlices
        Averaged over the batches of an update.
    bound : ClippingSpec
        How large they may become.
    """
    dense = [tf.convert_to_tensor(gradient) for gradient in gradients]
    if bound.value is not None:
        dense = [tf.clip_by_value(gradient, -bound.value, bound.value) for gradient in dense]
    if bound.norm is None:
        return dense
    norm = tf.linalg.global_norm(dense)
    share = tf.minimum(1.0, bound.norm / (norm + SMALL))
    return [gradient * tf.cast(share, gradient.dtype) for gradient in dense]


def _nothing() -> None:
    """Leave an update out."""
