"""A step of the user's own: a function of inputs, or an object that is fitted and applied."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, cast, get_args

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.own_code import OwnCode, offers
from dltrainer_jupyter.core.spec import USER_OBJECT, Part
from dltrainer_jupyter.data.host import refuse_non_finite, to_host, whole_numbers
from dltrainer_jupyter.data.steps.base import written
from dltrainer_jupyter.data.steps.keeping import Own, current
from dltrainer_jupyter.data.steps.pieces import Merge

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

_METHODS = ("apply", "transform")
"""Of which an object has one; scikit-learn's transformers have the second."""
_NUMBER = "$number"


def numbered(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Give each mention of an object of the user's own its number, so that it is known wherever it stands."""
    numbers = count()
    return tuple(
        part.model_copy(update={"config": {**part.config, _NUMBER: next(numbers)}}) if part.is_user_object else part
        for part in parts
    )


@dataclass(frozen=True)
class OwnStep:
    """A function, an object or a class of the user's own.

    ========================================  ==============================================================
    a function ``f(inputs)``                  takes and gives all samples at once, shape (n, ...)
    a generator function ``f(sample)``        yields pieces of one sample, each of which is a sample then
    an object with ``apply(inputs)``          and ``fit(inputs)``, ``describe()``, ``yields`` if it likes; a generator
                                              method ``apply(sample)`` yields pieces
    an object with ``transform(inputs)``      and ``fit(inputs)``: scikit-learn's transformers
    a class of such objects                   made with the settings beside it
    ========================================  ==============================================================

    What has a true attribute ``yields`` gives, for all samples at once, a sequence of arrays of pieces, one a sample.
    Each is called with an array of its own, float32 or int64, and may change it.

    Parameters
    ----------
    name : str
        What it is called.
    settings : mapping
        Keyword arguments at each call.
    merge : {"mean", "max", "first", "none"} or None
        How predictions are made of those for pieces; None where a sample stays one.
    says : str
        What it does, in one line.
    kept : str or None
        By which name the run keeps it as it was fitted; None before :meth:`fit`.
    dtype : str or None
        What comes out: ``float32`` or ``int64``; None before it was applied.
    """

    type: ClassVar[str] = USER_OBJECT

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    merge: Merge | None = None
    says: str = ""
    kept: str | None = None
    dtype: str | None = None
    _own: Own | None = field(default=None, compare=False, repr=False)
    _given: Any = field(default=None, compare=False, repr=False)
    """What does the work, where it needn't be looked for."""

    @classmethod
    def of(cls, part: Part, own: Own) -> OwnStep:
        """Make it of its mention among :func:`numbered` parts, not yet fitted.

        Raises
        ------
        ConfigurationError
            If what was handed over can't be a step.
        """
        settings = {key: value for key, value in part.config.items() if key not in ("is", "merge", _NUMBER)}
        code = OwnCode("preprocessing", str(part), own.things[part.config[_NUMBER]], settings)
        made = code.made(*_METHODS)
        # An object has its settings from when it was made.
        settings = settings if made is code.thing else {}
        step = cls(str(part), settings, says=code.describe(made), _own=own, _given=made)
        merge = part.config.get("merge")
        if not step._gives_pieces():
            if merge is not None:
                msg = f"{code.where} gives a sample for each, so there is nothing to merge; leave merge out."
                raise ConfigurationError(msg)
            return step
        if merge not in (None, *get_args(Merge)):
            msg = f"preprocessing.merge: expected {', '.join(get_args(Merge))}, got {brief(merge)}."
            raise ConfigurationError(msg)
        return replace(step, merge=cast("Merge", merge or "mean"))

    @property
    def yields(self) -> bool:
        """Whether it makes several samples of one."""
        return self.merge is not None

    @property
    def learns(self) -> bool:
        """Whether there is something to fit."""
        return callable(getattr(self._made, "fit", None))

    def fit(self, inputs: Array) -> OwnStep:
        """Fit its object, if it has something to fit, and have the run keep it."""
        made = self._made
        if self.learns:
            found = self._code.called(made.fit, inputs.copy())
            made = made if found is None else found
            if not (offers(made, *_METHODS) or callable(made)):
                msg = f"{self._code.where}: expected fit to give nothing or the fitted object, got {brief(made)}."
                raise ConfigurationError(msg)
        name = None if self._own is None else self._own.kept.keep(made)
        return replace(self, kept=name, says=self._code.describe(made), _given=made)

    def noted(self, given: Array) -> OwnStep:
        """Give the step as one that knows what comes out of it."""
        return replace(self, dtype=str(given.dtype))

    def apply(self, inputs: Array) -> Array:
        """Call it.

        Raises
        ------
        ConfigurationError
            If it raises, or gives something else than samples.
        """
        if self.yields:
            return self.split(inputs)[0]
        found = self._samples(self._call(inputs.copy()))
        if len(found) != len(inputs):
            msg = (
                f"{self._code.where} is called with all samples, shape (n, ...), and gives as many: expected "
                f"{len(inputs):,}, got {len(found):,}; to make several of one, yield them from a generator function of "
                "one sample."
            )
            raise ConfigurationError(msg)
        return found

    def split(self, inputs: Array) -> tuple[Array, npt.NDArray[np.int64]]:
        """Make pieces of each sample.

        Raises
        ------
        ConfigurationError
            If it raises, gives nothing for a sample, or pieces differ in shape.
        """
        pieces = self._of_each(inputs)
        counts = np.array([len(one) for one in pieces], np.int64)
        if len(counts) != len(inputs):
            msg = (
                f"{self._code.where} yields: expected pieces for each of {len(inputs):,} samples, got {len(counts):,}."
            )
            raise ConfigurationError(msg)
        if not counts.all():
            msg = (
                f"{self._code.where} gave nothing for sample {int(np.argmin(counts)):,}; give one piece at least for "
                "each, such as the sample as it is."
            )
            raise ConfigurationError(msg)
        flat = [self._samples(piece) for one in pieces for piece in one]
        shapes = sorted({piece.shape for piece in flat})
        if len(shapes) > 1:
            msg = (
                f"{self._code.where}: expected pieces of one shape, got {written(shapes[0])} and {written(shapes[1])}."
            )
            raise ConfigurationError(msg)
        return (np.stack(flat) if flat else inputs), counts

    def describe(self) -> str:
        """Say what it does."""
        return self.says or self.name

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types; the object itself stays with the run."""
        return {
            "type": self.type,
            "is": self.name,
            "settings": dict(self.settings),
            "merge": self.merge,
            "says": self.says,
            "kept": self.kept,
            **({} if self.dtype is None else {"dtype": self.dtype}),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> OwnStep:
        """Make it again; what does the work is looked for when it is applied."""
        said = {key: values[key] for key in ("settings", "merge", "says", "kept")}
        return cls(values["is"], **said, dtype=values.get("dtype"), _own=current())

    @property
    def _code(self) -> OwnCode:
        return OwnCode("preprocessing", self.name, self._given, self.settings)

    @cached_property
    def _made(self) -> Any:
        """The object, or function, that does the work; fitted if it has been."""
        if self._given is not None:
            return self._given
        if self._own is None or self.kept is None:
            msg = (
                f"{self._code.where} is the user's own and stays with the run: predict with the run "
                "(run.best.predict), or prepare inputs yourself."
            )
            raise ConfigurationError(msg)
        return self._own.kept.restore(self.kept)

    @property
    def _worker(self) -> Callable[..., Any]:
        methods = (getattr(self._made, name, None) for name in _METHODS)
        found: Callable[..., Any] = next(filter(callable, methods), self._made)
        return found

    def _gives_pieces(self) -> bool:
        # Of an object that is called, its method is what yields.
        kinds = (self._worker, type(self._worker).__call__)
        return bool(getattr(self._made, "yields", False)) or any(map(inspect.isgeneratorfunction, kinds))

    def _call(self, given: Any) -> Any:
        return self._code.called(self._worker, given, **self.settings)

    def _of_each(self, inputs: Array) -> Sequence[Any]:
        # Lists are made here, since what is given may do its work, and fail, only as it is gone through.
        if getattr(self._made, "yields", False):
            given = self._code.called(list, self._call(inputs.copy()))
            return [self._code.called(list, pieces) for pieces in given]
        return [self._code.called(list, self._call(sample.copy())) for sample in inputs]

    def _samples(self, found: Any) -> Array:
        """Bring what came back to float32 or int64."""
        what = f"{self._code.where} gave"
        if found is None:
            msg = f"{what} nothing; let it return what it makes of its inputs."
            raise ConfigurationError(msg)
        array = to_host(found, what)
        if array.dtype.kind not in "biuf":
            msg = f"{what}: expected numbers, got {array.dtype}."
            raise ConfigurationError(msg)
        # Bytes are pixels far more often than tokens, as everywhere.
        whole = array.dtype.kind in "iu" and array.dtype.itemsize > 1
        with np.errstate(over="ignore"):
            made = whole_numbers(array, what) if whole else array.astype(np.float32, copy=False)
        refuse_non_finite(made, what)
        return made if made.flags.writeable else made.copy()
