"""Which array of a file becomes which weight of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import AVERAGED, NamedArrays, RawArray
from dltrainer_jupyter.weights.raw import cast

_FEW = 3
_WRAPPED = ("module.", "_orig_mod.")
"""What PyTorch's DataParallel and compiler put in front of every name."""
_COUNTS = ".num_batches_tracked"
"""Counts that files from before PyTorch 0.4.1 lack, and that nothing computes with."""
_NO_TENSOR = "_extra_state"


@dataclass(frozen=True)
class Fit:
    """What of a file fits a model."""

    weights: NamedArrays
    """All of the model's, those of the file in their places."""
    taken: tuple[str, ...]
    """Weights of the model that the file has."""
    missing: tuple[str, ...]
    """Weights of the model that the file lacks."""
    unexpected: tuple[str, ...]
    """Arrays of the file that the model doesn't know."""
    misfits: tuple[str, ...]
    """Weights of another shape or kind, with both: ``head.weight: (10, 3) in the file, (5, 3) in the model``."""

    def sentence(self, name: str) -> str:
        """Say for people what became of a file."""
        parts = [f"{len(self.taken):,} arrays of {name} are the weights to begin with"]
        if self.misfits:
            parts.append(f"{len(self.misfits):,} of another shape were left out ({_few(self.misfits, '; ')})")
        if self.unexpected:
            parts.append(
                f"{len(self.unexpected):,} that the model doesn't know were left out ({_few(self.unexpected)})"
            )
        if self.missing:
            parts.append(f"{len(self.missing):,} weights that it lacks stay fresh ({_few(self.missing)})")
        return f"{'; '.join(parts)}."


def fit(
    found: NamedArrays,
    here: NamedArrays,
    names: Mapping[str, Sequence[str]] | None,
    *,
    strict: bool,
    name: str,
    key: str = "weights",
) -> Fit:
    """Find a place for the arrays of a file.

    Parameters
    ----------
    found : dict of str to RawArray
        By the file's names; of averaged weights the average is taken.
    here : dict of str to RawArray
        The model's weights as they are, by names such as ``model.conv1.weight``.
    names : mapping of str to sequence of str, optional
        What files call each of them; by default as they are called here. See
        :class:`~dltrainer_jupyter.core.protocols.KnowsWeightFiles`.
    strict : bool
        Refuse whatever doesn't fit.
    name : str
        What to call the file.
    key : str, default "weights"
        What messages call the setting.

    Raises
    ------
    ConfigurationError
        If names or shapes differ; without ``strict``, if nothing fits.
    """
    file = _plainly_named(_measured(found))
    model = _training(here)
    is_single = len({weight.partition(".")[0] for weight in model}) == 1
    known = {weight: (weight,) for weight in model} if names is None else names
    called = {weight: _spellings(of_one, is_single=is_single) for weight, of_one in known.items()}
    taken: NamedArrays = {}
    missing, misfits = [], []
    for weight, array in model.items():
        said = _said(weight, is_single=is_single)
        there = next((file[it] for it in called.get(weight, ()) if it in file), None)
        if there is None:
            if called.get(weight) and not weight.endswith(_COUNTS):
                missing.append(said)
        elif there.shape != array.shape:
            misfits.append(f"{said}: {there.shape} in the file, {array.shape} in the model")
        elif (raw := cast(there, array.dtype)) is None:
            misfits.append(f"{said}: {there.dtype} in the file, {array.dtype} in the model")
        else:
            taken[weight] = raw
    expected = {spelling for spellings in called.values() for spelling in spellings}
    unexpected = sorted(it for it in file if it not in expected and not it.endswith(_NO_TENSOR))
    made = Fit(model | taken, tuple(taken), tuple(missing), tuple(unexpected), tuple(misfits))
    if (strict and (missing or misfits or unexpected)) or not taken:
        raise ConfigurationError(_refusal(made, name, key, strict=strict))
    return made


def _refusal(made: Fit, name: str, key: str, *, strict: bool) -> str:
    lacks = f"it lacks {len(made.missing):,} weights ({_few(made.missing)})"
    surplus = f"has {len(made.unexpected):,} that the model doesn't know ({_few(made.unexpected)})"
    others = f"has {len(made.misfits):,} of another shape ({_few(made.misfits, '; ')})"
    told = ((made.missing, lacks), (made.unexpected, surplus), (made.misfits, others))
    why = ", ".join(sentence for of_kind, sentence in told if of_kind)
    lenient = f"{key}: {{path: …, strict: false}}" if key == "weights" else "strict=False"
    cure = f"; {lenient} takes what fits" if strict and made.taken else ""
    return f"{key}: {name} doesn't fit the model: {why}{cure}."


def _few(names: Iterable[str], divider: str = ", ") -> str:
    listed = list(names)
    return divider.join(listed[:_FEW]) + (f"{divider}…" if len(listed) > _FEW else "")


def _measured(found: NamedArrays) -> NamedArrays:
    """Put averages of weights, which validation measured, in the place of the weights."""
    averaged = {it: it.replace(f"{AVERAGED}.", ".", 1) for it in found if f"{AVERAGED}." in it.partition(".")[0] + "."}
    rest = {it: array for it, array in found.items() if it not in averaged}
    return rest | {plain: found[it] for it, plain in averaged.items()}


def _training(here: NamedArrays) -> dict[str, RawArray]:
    return {weight: array for weight, array in here.items() if not weight.partition(".")[0].endswith(AVERAGED)}


def _plainly_named(found: NamedArrays) -> NamedArrays:
    """Write names as we do, without what wrappers put in front of all of them."""
    plain = {it.replace("/", "."): array for it, array in found.items()}
    for wrapper in _WRAPPED:
        if plain and all(it.startswith(wrapper) for it in plain):
            plain = {it.removeprefix(wrapper): array for it, array in plain.items()}
    return plain


def _spellings(names: Sequence[str], *, is_single: bool) -> tuple[str, ...]:
    """Give what a file may call a weight: where there is one net, without its name, too."""
    return (*(it.partition(".")[2] for it in names if is_single), *names)


def _said(weight: str, *, is_single: bool) -> str:
    return weight.partition(".")[2] if is_single else weight
