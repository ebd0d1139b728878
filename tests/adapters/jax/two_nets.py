"""A recipe of somebody's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from dltrainer_jupyter.core.protocols import StepOutput, TrainState

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Batch


class TwoNets:
    """A portable recipe with two nets and optimizers, which counts in its extra state and keeps a typed key there."""

    def build(self, context: Any) -> TrainState:
        nets = {"first": context.model(), "second": context.model()}
        optimizers = {name: context.optimizer(net) for name, net in nets.items()}
        self.loss = context.loss()
        return TrainState(nets, optimizers, {"count": 0, "key": jax.random.key(3), "note": "kept"})

    def train_step(self, state: TrainState, batch: Batch, ops: Any) -> tuple[TrainState, StepOutput]:
        noise = jax.random.normal(jax.random.fold_in(state.extra["key"], state.extra["count"]), (batch.size, 1))

        def first(nets: Any) -> Any:
            outputs = nets["first"](batch.inputs + 0.1 * noise) + nets["second"](batch.inputs)
            return self.loss(outputs, batch.targets), outputs

        def second(nets: Any) -> Any:
            outputs = nets["second"](batch.inputs)
            return jnp.square(outputs - nets["first"](batch.inputs)).mean(), outputs

        state, loss, outputs = ops.update(state, first, wrt="first", using="first")
        state, _, _ = ops.update(state, second, wrt="second", using="second")
        state.extra["count"] += 1
        return state, StepOutput(loss, outputs, batch.targets, batch.size)

    def eval_step(self, state: TrainState, batch: Batch, ops: Any) -> StepOutput:
        outputs = state.nets["first"](batch.inputs)
        return StepOutput(self.loss(outputs, batch.targets), outputs, batch.targets, batch.size)
