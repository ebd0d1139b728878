"""How models of sequences read samples, and what is said of samples that are no sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.models.blocks import holds_whole_numbers

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Signature

_MOST_CHANNELS = 4
"""An axis longer than this holds no colours, so that three axes are taken for an image by it."""


class SequenceConfig(BaseModel, frozen=True, extra="forbid"):
    """How a model of sequences reads samples."""

    rows: bool = setting(
        default=False, group="input", description="Read an image row by row from the top: each row is a step."
    )
    vocabulary: int | None = setting(
        None,
        ge=1,
        le=10_000_000,
        group="input",
        description="How many different tokens there are, counted from 0; if left out, as many as the data has.",
    )
    padding: int | None = setting(
        None,
        ge=0,
        group="input",
        description="The token that only fills up the end of sequences; if left out, what the data names, if it does.",
    )


@dataclass(frozen=True)
class SequenceInput:
    """How samples are read as sequences."""

    steps: int
    features: int = 0
    """Values a step; 0 for tokens."""
    tokens: int = 0
    """How many different ones there are; 0 for values."""
    padding: int | None = None
    """The token that only fills up."""
    rows: bool = False
    """Whether samples are images, whose rows are the steps."""
    whole: bool = False
    """Whether values are whole numbers, which layers with weights don't take."""


def sequence_input(model: str, signature: Signature, config: SequenceConfig) -> SequenceInput:
    """Find out how samples are read as sequences.

    Values of shape (time, features) are taken as they are, whole numbers of shape (time,) for tokens. Which step of
    the preprocessing makes tokens may say how many there are (``vocabulary``, a number or a list) and which of them
    only fills up (``padding``).

    Parameters
    ----------
    model : str
        Its name, for messages.
    signature : Signature
        Of the data.
    config : SequenceConfig
        What was asked for.

    Raises
    ------
    ConfigurationError
        If samples are no sequences, or nobody knows how many tokens there are.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> sequence_input("lstm", Signature("classification", (20, 3), 2), SequenceConfig()).features
    3
    """
    shape = signature.input_shape
    if config.rows:
        if len(shape) != 3:  # noqa: PLR2004 - channels, height, width
            msg = (
                f"model: {model} with rows takes images of shape (channels, height, width), got samples of shape "
                f"{shape}; leave rows out for what is a sequence already."
            )
            raise ConfigurationError(msg)
        channels, height, width = shape
        return SequenceInput(height, channels * width, rows=True, whole=holds_whole_numbers(signature))
    if len(shape) == 1 and shape[0] and _are_whole(signature):
        return _tokens(model, signature, config)
    if len(shape) != 2 or not all(shape):  # noqa: PLR2004 - steps and features
        msg = (
            f"model: {model} takes sequences: values of shape (time, features), or tokens of shape (time,) that are "
            f"whole numbers; got samples of shape {shape}; {_sequence_cure(shape)}"
        )
        raise ConfigurationError(msg)
    return SequenceInput(*shape, whole=holds_whole_numbers(signature))


def _are_whole(signature: Signature) -> bool:
    if signature.preprocessing:
        return holds_whole_numbers(signature) or any("vocabulary" in step for step in signature.preprocessing)
    # A loader's batches come as they are, and nothing but the first one says what they hold.
    return "int" in str((signature.raw or {}).get("dtype", ""))


def _tokens(model: str, signature: Signature, config: SequenceConfig) -> SequenceInput:
    known = _known(signature)
    tokens = known if config.vocabulary is None else config.vocabulary
    if tokens is None:
        msg = (
            f"model: {model} can't tell how many different tokens there are from data that it sees batch by batch; "
            "say it: vocabulary: 10000."
        )
        raise ConfigurationError(msg)
    lowest = (signature.raw or {}).get("low", 0)
    if lowest < 0:
        msg = (
            f"model: {model} takes tokens that count from 0, but the lowest is {lowest:.0f}; renumber them, or pass "
            "values of shape (time, features): x[..., None].astype('float32')."
        )
        raise ConfigurationError(msg)
    padding = next((step["padding"] for step in signature.preprocessing if "padding" in step), None)
    return SequenceInput(
        signature.input_shape[0], tokens=tokens, padding=padding if config.padding is None else config.padding
    )


def _known(signature: Signature) -> int | None:
    """Say how many tokens the data has, if it can be looked through."""
    for step in reversed(signature.preprocessing):
        if (found := step.get("vocabulary")) is not None:
            return found if isinstance(found, int) else len(found)
    raw = signature.raw if signature.preprocessing else None
    return None if raw is None else int(raw["high"]) + 1


def _sequence_cure(shape: Sequence[int]) -> str:
    if len(shape) == 3 and shape[0] <= _MOST_CHANNELS:  # noqa: PLR2004 - an image
        return "read images row by row with rows: true, or use cnn."
    if len(shape) == 1:
        return (
            "one value a step needs an axis of its own (x[..., None]), tokens have to be whole numbers "
            "(x.astype('int64')), and tables suit mlp."
        )
    return "reshape them."
