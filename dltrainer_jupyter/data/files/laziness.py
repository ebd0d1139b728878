"""Whether files are read at once, or row by row when they are due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.data.files import bounds


def _spelt_out(value: Any) -> Any:
    return {True: "always", False: "never"}[value] if isinstance(value, bool) else value


Laziness = Annotated[Literal["auto", "always", "never"], BeforeValidator(_spelt_out)]
"""``true`` and ``false`` mean ``always`` and ``never``."""


def lazy_setting() -> Any:
    """Declare the setting."""
    return setting(
        "auto",
        description="Read rows from the disk when their batch is due (always, true), or keep all in memory (never, "
        "false); auto keeps what fits into the memory that is free.",
        group="reading",
    )


def is_lazy(asked: Laziness, size: int) -> bool:
    """Decide.

    Parameters
    ----------
    asked : {"auto", "always", "never"}
        The setting.
    size : int
        Bytes that everything takes in memory.
    """
    return asked == "always" or (asked == "auto" and not bounds.fits(size))


@dataclass(frozen=True)
class Extent:
    """How much there is in a file, as far as can be told without reading it."""

    what: str
    """What it is: ``"data.path: x.csv, about 100 rows of 3 columns,"``."""
    rows: int
    size: int
    """Bytes in memory."""
    packed: int
    """Bytes of the file."""
    cure: str
    """What can be done if it is too large, as a half-sentence."""

    def refuse_too_large(self) -> None:
        """Raise if it doesn't fit into memory."""
        bounds.refuse_too_large(self.size, self.what, f"{self.cure}, or read rows when they are due (lazy: auto)")

    def too_large(self) -> str:
        """Say that it doesn't fit into memory."""
        return bounds.too_large(self.size)

    def refuse_bomb(self) -> None:
        """Raise if the file would become suspiciously much larger."""
        bounds.refuse_bomb(self.packed, self.size, self.what)
