"""A compiled ``keras.Model``, or one with a ``train_step`` of its own, trained as ``model.fit`` would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError, first_line
from dltrainer_jupyter.core.protocols import Batch, BuildContext, Course, Ops, StepOutput, TrainState
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.recipes.choice import brings_own_step
from dltrainer_jupyter.recipes.keras_model.logs import LastLogs
from dltrainer_jupyter.recipes.keras_model.parts import (
    as_keras_wants,
    build_optimizer,
    can_be_measured,
    lacks_call,
    optimizers_of,
    variables_of,
)
from dltrainer_jupyter.recipes.keras_model.refusals import check_built, check_model, update_settings
from dltrainer_jupyter.recipes.keras_model.watching import is_array, wants_values, watched


class KerasModel:
    """Calls the model's ``train_step`` and ``test_step``, and looks on while they compute the loss.

    Weights and metrics become what ``model.fit(shuffle=False)`` makes them on the same batches, since it is Keras' code
    that computes them; whatever the model was compiled with means what it means there. Only ``steps_per_execution`` is
    left to the loop, which changes nothing that could be seen. What a ``train_step`` does in Python, it does once, when
    it is compiled, unless the model was compiled with ``run_eagerly=True``.

    Parameters
    ----------
    config : KerasModel.Config
        There is nothing to set: the model says it all.
    """

    class Config(BaseModel):
        """Settings."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, config: Config) -> None:
        self.config = config
        self._spec: RunSpec | None = None
        self._model: Any = None
        self._logs = {"train_step": LastLogs(), "test_step": LastLogs()}
        self._set_aside: dict[str, Any] | None = None
        self._trained: dict[str, float] | None = None

    @classmethod
    def check_model(cls, model: Any, spec: RunSpec) -> None:
        """Refuse by name what can't be done for a model; called before a run is recorded, and when it is built.

        Parameters
        ----------
        model : keras.Model
            Not changed. A function that makes one is let pass; what it makes is looked at when it is built.
        spec : RunSpec
            What else is asked for.

        Raises
        ------
        ConfigurationError
            Names the first setting, and what to do instead.
        """
        check_model(model, spec)

    @staticmethod
    def loss_of(model: Any) -> Any:
        """Give the loss a model was compiled with, by which the adapter tells what its outputs mean; None without."""
        return getattr(model, "loss", None)

    # --- steps ----------------------------------------------------------------------------------------

    @property
    def eager(self) -> bool:
        """Whether steps must not be compiled, as a model compiled with ``run_eagerly=True`` wants it."""
        return bool(self._model.run_eagerly)

    def prepare(self, spec: RunSpec, course: Course, objects: Mapping[str, Any]) -> None:  # noqa: ARG002 - as others'
        """Take in what is asked for, before anything is built."""
        self._spec = spec

    def build(self, context: BuildContext) -> TrainState:
        """Take the model and the optimizers it came with.

        Raises
        ------
        ConfigurationError
            If the model was neither compiled nor has a ``train_step`` of its own, or can't do what is asked for.
        """
        self._model = model = context.model()
        if not (model.compiled or brings_own_step(model)):
            msg = (
                f"model: expected a model that was compiled, got {type(model).__name__}; call "
                "model.compile(optimizer=…, loss=…), or leave recipe='keras' out."
            )
            raise ConfigurationError(msg)
        if self._spec is not None:
            self.check_model(model, self._spec)
        if lacks_call(model):
            # Only its train_step knows how its parts go together, and there is nothing to call to make their weights.
            model.built = True
        if model.run_eagerly:
            build_optimizer(model)
            check_built(model)
        return TrainState(nets={"model": model}, optimizers=optimizers_of(model))

    def train_step(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:
        """Let the model learn from one batch."""
        if self._spec is not None and update_settings(self._spec):
            return self._update(state, batch, ops)
        return state, self._step("train_step", batch)

    def eval_step(self, state: TrainState, batch: Batch, ops: Ops) -> StepOutput:  # noqa: ARG002 - the protocol's
        """Let the model measure one batch; changes its metrics and nothing else."""
        return (
            self._step("test_step", batch) if can_be_measured(self._model) else StepOutput(None, None, None, batch.size)
        )

    def _step(self, name: str, batch: Batch) -> StepOutput:
        """Call one of the model's own steps, and see what it computes."""
        import tensorflow as tf

        model, data = self._model, as_keras_wants(batch)

        def step() -> tuple[Any, ...]:
            with watched(model) as seen:
                logs = getattr(model, name)(data)
            return logs, seen.loss, seen.outputs, seen.targets

        # Keras doesn't convert a model's Python code either, so that the same code is refused or taken.
        step = tf.autograph.experimental.do_not_convert(step)
        try:
            if model.jit_compile and not model.run_eagerly:
                step = tf.function(step, autograph=False, jit_compile=True)
            logs, loss, outputs, targets = step()
        except Exception as error:
            if not model.run_eagerly and wants_values(error):
                msg = (
                    f"model: {name} of {type(model).__name__} asks for the values of tensors ({first_line(error)}), "
                    "which there are none of while a step is compiled; compile the model with run_eagerly=True."
                )
                raise ConfigurationError(msg) from error
            raise
        if model.run_eagerly:
            build_optimizer(model)
        logs = logs if isinstance(logs, Mapping) else {}
        self._logs[name].take(model, logs)
        return self._shown(name, logs.get("loss") if loss is None else loss, outputs, targets, batch)

    def _update(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:
        """Do what Keras' ``train_step`` does, with an update of ours."""
        import keras
        import tensorflow as tf

        model = self._model
        x, y, weights = keras.utils.unpack_x_y_sample_weight(as_keras_wants(batch))

        def objective(nets: Mapping[str, Any]) -> tuple[Any, Any]:  # noqa: ARG001 - an InMode of the same model
            outputs = model(x, training=True) if model._call_has_training_arg else model(x)  # noqa: SLF001
            loss = model._compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weights, training=True)  # noqa: SLF001
            return loss, outputs

        def measure() -> Mapping[str, Any]:
            first = next(leaf for leaf in keras.tree.flatten(x) if leaf is not None)
            model._loss_tracker.update_state(loss, sample_weight=tf.shape(first)[0])  # noqa: SLF001 - as Keras does
            logs: Mapping[str, Any] = model.compute_metrics(x, y, outputs, sample_weight=weights)
            return logs

        # The averages of the weights are the adapter's to move: it looks at what the optimizer counts.
        unaveraged = replace(state, averages={})
        objective, measure = map(tf.autograph.experimental.do_not_convert, (objective, measure))
        _, loss, outputs = ops.update(unaveraged, objective, wrt="model", using="optimizer")
        if self._spec is not None and self._spec.on_nan == "skip":
            tf.cond(tf.math.is_finite(loss), lambda: _without(measure()), lambda: None)
            logs = model.get_metrics_result()
        else:
            logs = measure()
        self._logs["train_step"].take(model, logs)
        return state, self._shown("train_step", loss, outputs, y, batch)

    def _shown(self, name: str, loss: Any, outputs: Any, targets: Any, batch: Batch) -> StepOutput:
        """Give what a step computed, as far as it is what metrics by name can be measured on.

        Raises
        ------
        ConfigurationError
            If it isn't, and there are metrics by name.
        """
        if is_array(outputs) and is_array(targets):
            return StepOutput(loss, outputs, targets, batch.size)
        if self._spec is not None and self._spec.metrics:
            named = ", ".join(str(part) for part in self._spec.metrics)
            msg = (
                f"metrics: {named} can't be measured, since {name} of {type(self._model).__name__} doesn't show "
                "one output and its targets; leave metrics out, and give them to model.compile or return them from it."
            )
            raise ConfigurationError(msg)
        return StepOutput(loss, None, None, batch.size)

    # --- the course of a training -----------------------------------------------------------------------

    def begin(self, state: TrainState, course: Course) -> None:
        """Prepare nothing."""

    def begin_epoch(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - the protocol's
        """Let metrics begin anew."""
        self._model.reset_metrics()

    def begin_validation(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - the protocol's
        """Read what was measured in training, and let metrics begin anew: Keras uses the same for both.

        The adapter puts training's back at the end, and saves training's meanwhile: those a graph uses. Without a graph
        that is done here.
        """
        self._trained = self._logs["train_step"].read(self._model)
        self._set_aside = self._memory()
        self._model.reset_metrics()

    def end_validation(self, state: TrainState, course: Course) -> Mapping[str, float]:  # noqa: ARG002 - the protocol's
        """Give what was measured in validation."""
        measured = self._logs["test_step"].read(self._model) if can_be_measured(self._model) else {}
        self.load_state(self._set_aside or {})
        self._set_aside = None
        return {f"val_{name}": value for name, value in measured.items()}

    def end_epoch(self, state: TrainState, course: Course) -> Mapping[str, float]:  # noqa: ARG002 - the protocol's
        """Give what was measured in training."""
        trained = self._logs["train_step"].read(self._model) if self._trained is None else self._trained
        self._trained = None
        return {f"train_{name}": value for name, value in trained.items()}

    def end(self, state: TrainState, course: Course) -> None:  # noqa: ARG002 - the protocol's
        """Let an optimizer with ``use_ema`` put its averages in the place of the weights, as ``fit`` does at last."""
        optimizer = self._model.optimizer
        if optimizer is not None:
            optimizer.finalize_variable_values(self._model.trainable_weights)

    def own_rate(self, state: TrainState) -> float | None:
        """Give the learning rate where the model's code sets it: by a schedule, or for several optimizers."""
        from keras.optimizers.schedules import LearningRateSchedule

        inner = [getattr(optimizer, "inner_optimizer", optimizer) for optimizer in state.optimizers.values()]
        follows = [isinstance(optimizer._learning_rate, LearningRateSchedule) for optimizer in inner]  # noqa: SLF001
        # As people wrote it, not as 32 bits have it.
        return float(str(inner[-1].learning_rate.numpy())) if len(inner) > 1 or any(follows) else None

    def inexact_because(self) -> str | None:
        """Say why a resumed run may differ; None if nothing speaks for it."""
        if self.eager and brings_own_step(self._model):
            name = type(self._model).__name__
            return f"train_step of {name} runs in Python (run_eagerly), and no checkpoint keeps what it sets there"
        return None

    def state(self) -> dict[str, Any]:
        """Give what training keeps in variables that no graph tells of; nothing where steps are compiled."""
        return self._memory() if self._set_aside is None else self._set_aside

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a state.

        Raises
        ------
        CheckpointError
            If it is of another model.
        """
        if not state:
            return
        variables = variables_of(self._model)
        if len(state["variables"]) != len(variables):
            msg = (
                f"The checkpoint is of another model: it holds {len(state['variables'])} values of metrics and other "
                f"variables, and this one has {len(variables)}."
            )
            raise CheckpointError(msg)
        for variable, value in zip(variables, state["variables"], strict=True):
            variable.assign(value)
        self._logs["train_step"].load_state(state["logs"])

    def _memory(self) -> dict[str, Any]:
        if not self.eager:
            return {}
        values = [variable.numpy() for variable in variables_of(self._model)]
        return {"variables": values, "logs": self._logs["train_step"].state()}


def _without(_: Any) -> None:
    """Give nothing, as both branches of a condition must give the same."""
