"""What several outputs of a model mean: each by the target that it was compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dltrainer_jupyter.core.choosing import is_several, names_in, position_of
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.terms import terms_of


def by_output(
    outputs: Any, signature: Signature, spec: RunSpec, tell: Callable[[Any, Signature], Any], otherwise: Any = None
) -> Any:
    """Tell what a model says; of several outputs each by itself, in the structure they have.

    Parameters
    ----------
    outputs : numpy.ndarray, or mapping or tuple of such
        As a predictor gives them.
    signature : Signature
        The model's.
    spec : RunSpec
        Its losses say what outputs mean.
    tell : callable
        Tells what one output says, by what holds for its target.
    otherwise : callable, optional
        Tells it of an output whose meaning nobody knows: one that no loss by name compares with a target. By default it
        is given as it is.
    """
    if not is_several(outputs):
        return tell(outputs, signature)
    told: list[Any] = []
    for name, one in zip(names_in(outputs), _listed(outputs), strict=True):
        known = None if is_several(one) else _meaning(signature, spec, name)
        told.append((one if otherwise is None else otherwise(one)) if known is None else tell(one, known))
    return dict(zip(outputs, told, strict=True)) if isinstance(outputs, Mapping) else tuple(told)


def rows(columns: Any) -> list[Any]:
    """Give what is told of each sample together, of what each output tells of all.

    Examples
    --------
    >>> rows({"kind": ["a", "b"], "size": [1.0, 2.0]})
    [{'kind': 'a', 'size': 1.0}, {'kind': 'b', 'size': 2.0}]
    """
    if isinstance(columns, Mapping):
        return [dict(zip(columns, row, strict=True)) for row in zip(*map(rows, columns.values()), strict=True)]
    if isinstance(columns, tuple):
        return [list(row) for row in zip(*map(rows, columns), strict=True)]
    found: list[Any] = columns
    return found


def _listed(outputs: Any) -> Sequence[Any]:
    return list(outputs.values()) if isinstance(outputs, Mapping) else list(outputs)


def _meaning(signature: Signature, spec: RunSpec, output: str | int) -> Signature | None:
    """Give what holds for the target of an output; None if no loss by name compares the two.

    A loss of the user's own may take probabilities as well as logits.
    """
    names = signature.target_names
    if not names or spec.recipe.type != "supervised":
        return None
    known = dict.fromkeys(names)
    structure: Any = known if isinstance(names[0], str) else names
    found = None
    for term in terms_of(spec, names):
        if term.key != "loss" or term.settings.on is not None or term.settings.output != output:
            continue
        if term.part is not None and term.part.is_user_object:
            return None
        which = None if term.target is None else position_of(structure, term.target)
        found = found if which is None else signature.of_target(which)
    return found
