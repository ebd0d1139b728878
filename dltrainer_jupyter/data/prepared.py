"""What a person has, as what a model takes: one input, or several of them, each through its own chain."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.data.preprocessing import Prepared, load_chain, prepare
from dltrainer_jupyter.data.raw import columns_of
from dltrainer_jupyter.data.steps.columns import no_column, rows_by_name
from dltrainer_jupyter.data.structured import Name, Named, matched, packed, steps_of


class Preparation:
    """Turns raw inputs into what a model takes, exactly as in training.

    Parameters
    ----------
    signature : Signature
        The model's.

    Examples
    --------
    >>> plain = {"type": "input", "dtype": "float32"}
    >>> steps = [plain | {"shapes": [[2]], "input": "a"}, plain | {"shapes": [[1]], "input": "b"}]
    >>> signature = Signature("regression", (), 1, preprocessing=tuple(steps), inputs=("a", "b"))
    >>> Preparation(signature)({"a": [1, 2], "b": [3]}).inputs["a"].shape
    (1, 2)
    """

    def __init__(self, signature: Signature) -> None:
        self._names = signature.inputs
        self._features: list[str] = list((signature.raw or {}).get("features") or ())
        whole = signature.preprocessing
        chains = {name: steps_of(whole, name) for name in self._names} if self._names else {None: whole}
        self._chains = {name: load_chain(chain) for name, chain in chains.items()}

    def __call__(self, raw: Any) -> Prepared:
        """Prepare samples.

        Parameters
        ----------
        raw : array-like, or mapping or tuple of array-likes, shapes (n, *sample) or (*sample,)
            Several inputs by the names, or in the order, that they had in training; single samples get a leading axis.

        Returns
        -------
        Prepared
            Inputs of shape (n, ...), float32 or int64; of several in a mapping or tuple.

        Raises
        ------
        ConfigurationError
            If a name is missing or unknown, numbers of samples differ, a shape doesn't fit (the message holds both), or
            values are no finite numbers.
        """
        if not self._names:
            return prepare(self._chains[None], self._in_order(raw))
        found: Named = {}
        for name, part in matched(raw, self._names, "inputs").items():
            found[name] = self._of(name, part)
        first = self._names[0]
        for name, array in found.items():
            if len(array) != len(found[first]):
                msg = (
                    f"inputs: expected as many samples of each, got {len(found[first]):,} of {first!r} and "
                    f"{len(array):,} of {name!r}."
                )
                raise ConfigurationError(msg)
        return Prepared(packed(found))

    def _in_order(self, raw: Any) -> Any:
        """Give rows of a table whose columns have names in the order of training, whatever theirs is."""
        if not self._features:
            return raw
        known = columns_of(raw)
        missing = [name for name in self._features if name not in known]
        if len(missing) == len(self._features):
            return rows_by_name(raw, self._features)
        if missing:
            raise no_column(missing[0], known)
        return raw if known == self._features else raw[self._features]

    def _of(self, name: Name, part: Any) -> Any:
        try:
            # A number is a sample of an input that has no axis besides that of samples.
            return prepare(self._chains[name], [part] if _is_number(part) else part).inputs
        except ConfigurationError as error:
            msg = f"input {name!r}: {str(error).removeprefix('inputs: ')}"
            raise ConfigurationError(msg) from None


def prepared(signature: Signature, raw: Any) -> Prepared:
    """Turn raw inputs into what the model takes; see :class:`Preparation`."""
    return Preparation(signature)(raw)


def _is_number(part: Any) -> bool:
    return isinstance(part, int | float) or getattr(part, "ndim", None) == 0
