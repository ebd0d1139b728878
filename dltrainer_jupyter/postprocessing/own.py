"""A step of the user's own: a function of predictions, or an object that is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.own_code import OwnCode
from dltrainer_jupyter.core.structures import mapped
from dltrainer_jupyter.postprocessing.predicted import Form

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Signature

_METHODS = ("apply", "inverse_transform")
"""Of which an object has one; scikit-learn's scalers take predictions back to the targets' unit by the second."""


class OwnStep:
    """A function ``f(predictions)``, an object with ``apply(predictions)``, or a fitted scaler of scikit-learn's.

    It is called with all predictions at once: probabilities of classes, shape (n, classes) or (n, classes, ...),
    values, shape (n,) or (n, outputs), boxes, n arrays of shape (k, 6), or what the step before it gave. What it gives
    is what people see: n of whatever it likes. Probabilities of the same shape stay probabilities, of which the
    likeliest class is told. Of a model with several outputs it takes and gives their structure.

    Parameters
    ----------
    thing : object
        As it was handed over.
    name : str
        What it is called.
    settings : mapping
        Keyword arguments of a function at each call, or of a class where an object is made.
    """

    takes: ClassVar[tuple[Form, ...]] = ()
    gives: ClassVar[Form | None] = "anything"

    def __init__(self, thing: Any, name: str, settings: Mapping[str, Any]) -> None:
        self._code = OwnCode("postprocessing", name, thing, settings)
        self._made = self._code.made(*_METHODS)
        self._settings = settings if self._made is thing else {}

    @property
    def name(self) -> str:
        """What it is called."""
        return self._code.name

    def apply(self, predictions: Any, signature: Signature) -> Any:  # noqa: ARG002 - some steps look at it
        """Call it, with predictions that it may change.

        Raises
        ------
        ConfigurationError
            If it raises, or gives nothing.
        """
        found = self._code.called(self._worker, mapped(predictions, np.array), **self._settings)
        if found is None:
            msg = f"{self._code.where} gave nothing; let it return what it makes of predictions."
            raise ConfigurationError(msg)
        return found

    def describe(self) -> str:
        """Say what it does."""
        return self._code.describe(self._made)

    @property
    def _worker(self) -> Callable[..., Any]:
        for method in _METHODS:
            if callable(found := getattr(self._made, method, None)):
                return _of_columns(found) if method == "inverse_transform" else found
        worker: Callable[..., Any] = self._made
        return worker


def _of_columns(transform: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Give values of one output as the column that scikit-learn's objects take."""

    def transformed(predictions: Any) -> Any:
        found = transform(predictions[:, None] if predictions.ndim == 1 else predictions)
        return np.asarray(found)[:, 0] if predictions.ndim == 1 else found

    return transformed
