"""The step that turns text into whole numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

PADDING = 0
"""What a short text is filled up with."""
_UNKNOWN = 1
"""What a word stands for that isn't in the vocabulary."""
_FIRST_WORD = 2
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Tokens:
    """Take text in: bytes or words as whole numbers, of one length.

    Bytes are numbered from 1, in UTF-8. Words, and signs between them, are numbered from 2 in the order of how often
    they occur in training; 1 is a word that isn't known. Short texts are filled up with 0, of long ones the beginning
    counts.

    Parameters
    ----------
    kind : {"bytes", "words"}
        What a number stands for.
    length : int
        Numbers of a sample.
    lowercase : bool
        Whether capital letters count as small ones.
    most : int
        Words of the vocabulary, at most.
    words : tuple of str
        The vocabulary; empty before :meth:`fit`.

    Examples
    --------
    >>> step = Tokens("words", length=4).fit(np.array(["the cat", "the dog"]))
    >>> step.apply(np.array(["The dog barks"]))
    array([[2, 4, 1, 0]])
    """

    type: ClassVar[str] = "tokens"
    takes_text: ClassVar[bool] = True

    kind: Literal["bytes", "words"]
    length: int
    lowercase: bool = True
    most: int = 20_000
    words: tuple[str, ...] = ()
    _numbers: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        self._numbers.update((word, number) for number, word in enumerate(self.words, start=_FIRST_WORD))

    @property
    def size(self) -> int:
        """How many numbers there are, padding included."""
        return 257 if self.kind == "bytes" else len(self.words) + _FIRST_WORD

    def fit(self, inputs: Array | Iterable[str]) -> Tokens:
        """Count words; there is nothing to learn of bytes."""
        if self.kind == "bytes":
            return self
        counts: Counter[str] = Counter()
        for text in inputs:
            counts.update(self._split(str(text)))
        often = sorted(counts.items(), key=lambda found: (-found[1], found[0]))[: self.most]
        return Tokens(self.kind, self.length, self.lowercase, self.most, tuple(word for word, _ in often))

    def apply(self, inputs: Array) -> npt.NDArray[np.int64]:
        """Give the numbers of texts, shape (n,), as shape (n, length).

        Raises
        ------
        ConfigurationError
            If they are no texts.
        """
        if inputs.dtype.kind != "U" or inputs.ndim != 1:
            msg = f"inputs: expected texts, shape (n,), got {inputs.dtype} of shape {inputs.shape}."
            raise ConfigurationError(msg)
        return np.stack([self.of(str(text)) for text in inputs])

    def of(self, text: str) -> npt.NDArray[np.int64]:
        """Give the numbers of one text, shape (length,)."""
        numbers = np.full(self.length, PADDING, np.int64)
        if self.kind == "bytes":
            text = text.lower() if self.lowercase else text
            found = np.frombuffer(text[: self.length].encode("utf-8", "replace")[: self.length], np.uint8)
            numbers[: len(found)] = found.astype(np.int64) + 1
            return numbers
        for at, word in zip(range(self.length), self._split(text), strict=False):
            numbers[at] = self._numbers.get(word, _UNKNOWN)
        return numbers

    def describe(self) -> str:
        """Say what it takes."""
        what = "bytes" if self.kind == "bytes" else f"words of a vocabulary of {len(self.words):,}"
        return f"take text as {self.length:,} {what}"

    def to_dict(self) -> dict[str, Any]:
        """Give it as JSON types."""
        return {
            "type": self.type,
            "kind": self.kind,
            "length": self.length,
            "lowercase": self.lowercase,
            "words": list(self.words),
            # What models of sequences look for.
            "vocabulary": self.size,
            "padding": PADDING,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Tokens:
        """Make it again."""
        return cls(values["kind"], values["length"], values["lowercase"], words=tuple(values["words"]))

    def _split(self, text: str) -> Iterable[str]:
        return (found.group() for found in _WORD.finditer(text.lower() if self.lowercase else text))
