"""A training or evaluation step that a person wrote as a function: what it is called with, and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean
from dltrainer_jupyter.core.parameters import MODEL, parameters_of
from dltrainer_jupyter.core.protocols import Batch, Ops, TrainState

Form = Literal["loss", "update", "full"]
"""It gives a loss; it takes the optimizer and makes the update itself; or it has the state and the operations."""

_NAMES: dict[str, frozenset[str]] = {
    "model": MODEL,
    "batch": frozenset({"batch"}),
    "inputs": frozenset({"x", "inputs"}),
    "targets": frozenset({"y", "targets", "labels"}),
    "loss": frozenset({"loss", "loss_fn", "criterion"}),
    "optimizer": frozenset({"optimizer", "opt"}),
    "state": frozenset({"state"}),
    "ops": frozenset({"ops"}),
}
_MEANING = {name: what for what, names in _NAMES.items() for name in names}
_KNOWN = "model, batch, x, y, loss, optimizer, or state, batch, ops"
_OF_THE_STATE = frozenset({"state", "ops"})
_IN_THE_STATE = frozenset({"model", "optimizer"})
_PAIR = 2
_NUMPY = (np.ndarray, np.generic)
_SEVERAL = (tuple, list)
"""Tuples of types, which PyTorch can trace where a step is compiled."""


class Found(NamedTuple):
    """What a step gives."""

    loss: Any
    outputs: Any
    terms: dict[str, Any] | None
    """Other numbers, by name."""


class StepFunction:
    """A function that may take any of the names below, in any order; its parameters say which.

    ``model`` (or ``net``), ``batch`` as a loader gives it, else the pair of inputs and targets, ``x`` (or ``inputs``),
    ``y`` (or ``targets``), ``loss``, the run's loss as a function of outputs and targets, ``optimizer``; or ``state``
    and ``ops``, and then a :class:`~dltrainer_jupyter.core.protocols.Batch`.

    Parameters
    ----------
    function : callable
        Of a person's own.
    where : {"train_step", "eval_step"}
        What it is, for messages.

    Attributes
    ----------
    form : {"loss", "update", "full"}
        What it does.
    takes : frozenset of str
        What it asks for, under our names.

    Raises
    ------
    ConfigurationError
        If it is no function, or takes something that nobody knows.

    Examples
    --------
    >>> StepFunction(lambda model, x, y: 0, "train_step").form
    'loss'
    """

    def __init__(self, function: Callable[..., Any], where: str) -> None:
        if isinstance(function, type) or not callable(function):
            msg = f"{where}: expected a function such as {where}(model, x, y), got {brief(function)}."
            raise ConfigurationError(msg)
        self.function = function
        self.where = where
        parameters = parameters_of(function)
        if parameters is None:
            msg = f"{where}: expected a function of {_KNOWN}, got one that doesn't tell its parameters; wrap it."
            raise ConfigurationError(msg)
        for it in parameters:
            if it.name not in _MEANING and it.default is it.empty:
                hint = did_you_mean(it.name, _MEANING)
                msg = f"{where}: there is nothing called '{it.name}' that it could be given.{hint} Known: {_KNOWN}."
                raise ConfigurationError(msg)
        asked = [(it, _MEANING[it.name]) for it in parameters if it.name in _MEANING]
        self._by_place = [what for it, what in asked if it.kind is it.POSITIONAL_ONLY]
        self._by_name = {it.name: what for it, what in asked if it.kind is not it.POSITIONAL_ONLY}
        self.takes = frozenset(what for _, what in asked)
        self.form: Form = "full" if self.takes & _OF_THE_STATE else "update" if "optimizer" in self.takes else "loss"
        self._check_form()

    def _check_form(self) -> None:
        if self.form == "full" and (extra := sorted(self.takes & _IN_THE_STATE)):
            msg = f"{self.where}: with state and ops, '{extra[0]}' is state.nets or state.optimizers; leave it out."
            raise ConfigurationError(msg)
        if self.form != "full" and "model" not in self.takes:
            msg = f"{self.where}: expected a parameter 'model' among {_KNOWN}, got none."
            raise ConfigurationError(msg)

    def __call__(self, batch: Batch, loss: Any, *, state: TrainState, ops: Ops | None = None, model: Any = None) -> Any:
        """Call it; gives what it gives.

        Parameters
        ----------
        batch : Batch
            The batch.
        loss : callable or None
            Of outputs and targets.
        state : TrainState
            Holds nets and optimizers.
        ops : Ops, optional
            For the full form.
        model : object, optional
            In the place of the state's.
        """
        pair = (batch.inputs, batch.targets) if batch.whole is None else batch.whole
        values = {
            "model": state.nets["model"] if model is None else model,
            "batch": batch if self.form == "full" else pair,
            "inputs": batch.inputs,
            "targets": batch.targets,
            "loss": loss,
            "optimizer": state.optimizers.get("optimizer"),
            "state": state,
            "ops": ops,
        }
        by_name = {name: values[what] for name, what in self._by_name.items()}
        return self.function(*[values[what] for what in self._by_place], **by_name)

    def read(self, given: Any) -> Found:
        """Read what it gave: a loss, ``(loss, outputs)``, or a mapping with ``loss``, ``outputs`` and other numbers.

        Raises
        ------
        ConfigurationError
            If there is no loss in it, or something is no number.
        """
        terms: dict[Any, Any] = {}
        if isinstance(given, Mapping):
            if "loss" not in given:
                msg = f"{self.where}: expected a 'loss' in what it returns, got {', '.join(map(str, given)) or 'none'}."
                raise ConfigurationError(msg)
            loss, outputs = given["loss"], given.get("outputs")
            terms = {name: value for name, value in given.items() if name not in {"loss", "outputs"}}
        elif isinstance(given, _SEVERAL) and len(given) == _PAIR:
            loss, outputs = given
        else:
            loss, outputs = given, None
        self._check_number(loss, "the loss")
        for name, value in terms.items():
            if not isinstance(name, str) or not name.replace("_", "").replace("-", "").isalnum():
                msg = f"{self.where}: expected names of letters, digits, _ and - for its numbers, got {brief(name)}."
                raise ConfigurationError(msg)
            self._check_number(value, f"'{name}'")
        return Found(loss, outputs, terms or None)

    def _check_number(self, value: Any, what: str) -> None:
        shape = getattr(value, "shape", None)
        if shape is None or isinstance(value, _NUMPY):
            cure = (
                "return loss, (loss, outputs) or a mapping"
                if value is None or isinstance(value, _SEVERAL)
                else "return the tensor itself, without item(), float() or numpy()"
            )
            msg = f"{self.where}: expected {what} as a tensor, got {brief(value)}; {cure}."
            raise ConfigurationError(msg)
        rank = shape.rank if hasattr(shape, "rank") else len(shape)
        if rank:
            msg = f"{self.where}: expected {what} as one number for the batch, got shape {tuple(shape)}; take its mean."
            raise ConfigurationError(msg)

    def check_learns(self, loss: Any) -> None:
        """Raise if no gradient can be computed of a loss, where its tensor tells.

        Raises
        ------
        ConfigurationError
            Says what takes gradients away.
        """
        if getattr(loss, "requires_grad", True) is False:
            msg = (
                f"{self.where}: its loss has no gradient; compute it from what the model gives, without detach(), "
                "item(), numpy() or no_grad()."
            )
            raise ConfigurationError(msg)
