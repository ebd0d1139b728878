"""A recipe made of a person's own training step: a function in the place of a class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

from dltrainer_jupyter.core.calling import called
from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.protocols import Batch, BuildContext, Course, LossFunction, Ops, StepOutput, TrainState
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.terms import metric_name
from dltrainer_jupyter.recipes.choice import native_recipe_for
from dltrainer_jupyter.recipes.step_function import Found, StepFunction

_MADE_BY_US = "the run makes the update where train_step gives a loss; take (model, x, y) and return it"
_PAIR = 2


class OwnStep:
    """One model, one optimizer, and a step that a person wrote; made by :mod:`dltrainer_jupyter.recipes.decorator`.

    Parameters
    ----------
    train_step : callable
        What is learnt from a batch.
    eval_step : callable, optional
        What is measured on one.

    Attributes
    ----------
    shows_outputs : bool
        False, since it may give the loss alone.
    only_updates : bool
        Whether steps are nothing but ``ops.update``, so that they may be compiled.
    measures_as_it_learns : bool
        Whether measuring a batch runs the code that learning from it runs.
    """

    shows_outputs: ClassVar[bool] = False

    def __init__(self, train_step: Callable[..., Any], eval_step: Callable[..., Any] | None = None) -> None:
        self.__qualname__ = getattr(train_step, "__qualname__", type(train_step).__name__)
        self._learns = StepFunction(train_step, "train_step")
        self._measures: StepFunction | None = None
        self._metrics: frozenset[str] | None = None
        if eval_step is not None:
            self.evaluation(eval_step)

    def evaluation(self, function: Callable[..., Any]) -> Self:
        """Let a function measure batches; to be used as a decorator, like the setter of a property.

        Parameters
        ----------
        function : callable
            Takes what a training step may take, but no optimizer.

        Returns
        -------
        OwnStep
            This recipe.

        Raises
        ------
        ConfigurationError
            If it takes something else.
        """
        measures = StepFunction(function, "eval_step")
        if measures.form == "update":
            msg = "eval_step: measuring changes nothing, so there is no optimizer; leave that parameter out."
            raise ConfigurationError(msg)
        self._measures = measures
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the training step as the function it is."""
        return self._learns.function(*args, **kwargs)

    @property
    def only_updates(self) -> bool:
        """Whether steps are nothing but ``ops.update``."""
        return self._learns.form == "loss"

    @property
    def measures_as_it_learns(self) -> bool:
        """Whether measuring runs the code that learning runs."""
        return self._measures is None and self._learns.form == "loss"

    # --- before it starts -------------------------------------------------------------------------------

    def check_run(self, spec: RunSpec, objects: Mapping[str, Any]) -> None:
        """Refuse what can't be had with a step of one's own.

        Parameters
        ----------
        spec : RunSpec
            What is asked for.
        objects : mapping
            The user's own, by key.

        Raises
        ------
        ConfigurationError
            Names the key.
        """
        native = native_recipe_for(objects.get("model"))
        if native is not None:
            what = "a LightningModule" if native == "lightning" else "a compiled Keras model, or one with a train_step"
            msg = f"train_step: the model is {what}, which brings its own; leave train_step out, or pass a plain model."
            raise ConfigurationError(msg)
        if "loss" not in self._takes and (spec.regularization or spec.class_weights is not None):
            key = "regularization" if spec.regularization else "class_weights"
            msg = f"{key}: train_step computes its loss by itself; put it in there, or let it take 'loss'."
            raise ConfigurationError(msg)
        if any("on" in part.config for part in spec.metrics):
            msg = "metrics: with a train_step metrics see its outputs alone; leave 'on' out."
            raise ConfigurationError(msg)
        if self._learns.form == "update":
            self._check_update(spec)
        elif self._learns.form == "full" and spec.compile:
            msg = f"compile: a step with state and ops can't be compiled as a whole; {_MADE_BY_US}, or leave it out."
            raise ConfigurationError(msg)

    @property
    def _takes(self) -> frozenset[str]:
        return self._learns.takes | (frozenset() if self._measures is None else self._measures.takes)

    def _check_update(self, spec: RunSpec) -> None:
        """Refuse what needs an update that the run makes."""
        if spec.framework == "jax":
            msg = (
                "train_step: on JAX a step is a pure function, which can't use an optimizer; take (model, x, y) and "
                "return the loss, or (state, batch, ops)."
            )
            raise ConfigurationError(msg)
        asked = {
            "gradient_accumulation": spec.gradient_accumulation > 1,
            "gradient_clipping": spec.gradient_clipping is not None,
            "ema": spec.ema is not None,
            "on_nan": spec.on_nan == "skip",
            "precision": spec.precision != "32-true",
            "compile": bool(spec.compile),
        }
        if (key := next((key for key, wanted in asked.items() if wanted), None)) is not None:
            msg = f"{key}: this train_step takes the optimizer and makes its update itself; {_MADE_BY_US}."
            raise ConfigurationError(msg)
        if self._measures is None and spec.loss is None and "loss" not in self._takes:
            msg = (
                "eval_step: a train_step that makes its own update can't be used to measure; give an eval_step "
                "that returns a loss, or set loss."
            )
            raise ConfigurationError(msg)

    def notes(self, spec: RunSpec) -> list[str]:
        """Say what isn't as one might expect."""
        ignored = spec.loss is not None and "loss" not in self._takes
        if not ignored or (self._learns.form == "update" and self._measures is None):
            return []
        return [f"loss: '{spec.first_loss}' isn't used, since train_step takes no 'loss' and computes its own."]

    def prepare(self, spec: RunSpec, course: Course, objects: Mapping[str, Any]) -> None:  # noqa: ARG002 - the protocol's
        """Learn what is measured besides."""
        self._metrics = frozenset(metric_name(part, part.type) for part in spec.metrics)

    # --- steps ------------------------------------------------------------------------------------------

    def build(self, context: BuildContext) -> TrainState:
        """Make the net and its optimizer."""
        by_loss = self._learns.form == "update" and self._measures is None
        self._loss = context.loss() if by_loss or "loss" in self._takes else None
        model = context.model()
        return TrainState(nets={"model": model}, optimizers={"optimizer": context.optimizer(model)})

    def train_step(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:
        """Learn from one batch."""
        learns = self._learns
        if learns.form == "full":
            state, found = self._read_full(learns(batch, self._loss, state=state, ops=ops), learns)
            return state, self._learnt(found, batch)
        if learns.form == "update":
            return state, self._learnt(learns.read(learns(batch, self._loss, state=state)), batch)

        def objective(nets: Mapping[str, Any]) -> tuple[Any, Any]:
            found = learns.read(learns(batch, self._loss, state=state, model=nets["model"]))
            learns.check_learns(found.loss)
            return found.loss, (found.outputs, found.terms)

        state, loss, (outputs, terms) = ops.update(state, objective, wrt="model", using="optimizer")
        return state, self._learnt(Found(loss, outputs, terms), batch)

    def _learnt(self, found: Found, batch: Batch) -> StepOutput:
        self._learnt_terms = self._same(found.terms, getattr(self, "_learnt_terms", None), self._learns)
        return _output(found, batch)

    def eval_step(self, state: TrainState, batch: Batch, ops: Ops) -> StepOutput:  # noqa: ARG002 - the protocol's
        """Measure on one batch, changing nothing."""
        step = self._measures or self._learns
        if step.form == "update":
            outputs = called(state.nets["model"], batch.inputs)
            assert self._loss is not None  # noqa: S101 - asked for by build
            return StepOutput(self._loss(outputs, batch.targets), outputs, batch.targets, batch.size)
        if step.form == "full":
            aside = replace(state, extra=dict(state.extra))
            _, found = self._read_full(step(batch, self._loss, state=aside, ops=_Measuring()), step)
        else:
            found = step.read(step(batch, self._loss, state=state))
        if found.outputs is None and self._metrics != frozenset():
            found = found._replace(outputs=called(state.nets["model"], batch.inputs))
        self._measured_terms = self._same(found.terms, getattr(self, "_measured_terms", None), step)
        return _output(found, batch)

    def _same(
        self, terms: Mapping[str, Any] | None, before: frozenset[str] | None, step: StepFunction
    ) -> frozenset[str]:
        """Raise if a step's numbers aren't those of the steps before, or have a metric's name; give their names."""
        names = frozenset(terms or ())
        if before is not None and names != before:
            msg = f"{step.where}: expected the same numbers each time, {_listed(before)}, got {_listed(names)}."
            raise ConfigurationError(msg)
        if both := sorted(names & (self._metrics or frozenset())):
            msg = f"{step.where}: '{both[0]}' is the name of a metric as well; give one of them another name."
            raise ConfigurationError(msg)
        return names

    @staticmethod
    def _read_full(given: Any, step: StepFunction) -> tuple[TrainState, Found]:
        """Take apart what a step with the state gives."""
        if not (isinstance(given, tuple) and len(given) == _PAIR and isinstance(given[0], TrainState)):
            msg = f"{step.where}: expected (state, loss) from a step with state and ops, got {brief(given)}."
            raise ConfigurationError(msg)
        state, output = given
        if isinstance(output, StepOutput):
            output = {**(output.terms or {}), "loss": output.loss, "outputs": output.outputs}
        return state, step.read(output)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "none"


class _Measuring:
    """Operations that compute, and update nothing."""

    def update(self, state: TrainState, loss_fn: LossFunction, *, wrt: str, using: str) -> tuple[TrainState, Any, Any]:  # noqa: ARG002 - the protocol's
        """Compute a loss."""
        loss, outputs = loss_fn(state.nets)
        return state, loss, outputs

    def __getattr__(self, name: str) -> Any:
        msg = f"eval_step: train_step uses ops.{name}, which is for learning; give an eval_step."
        raise ConfigurationError(msg)


def _output(found: Found, batch: Batch) -> StepOutput:
    """Give what a step found, without what gradients would be computed from."""
    loss, outputs, terms = (_detached(part) for part in found)
    return StepOutput(loss, outputs, batch.targets, batch.size, terms=terms)


def _detached(value: Any) -> Any:
    if callable(detach := getattr(value, "detach", None)):
        return detach()
    if isinstance(value, Mapping):
        return {key: _detached(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_detached, value))
    if type(value) in {tuple, list}:
        return type(value)(map(_detached, value))
    return value
