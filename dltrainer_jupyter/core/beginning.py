"""What a run begins with instead of fresh weights."""

from __future__ import annotations

import os
import re
from typing import Any

from pydantic import Field, field_validator

from dltrainer_jupyter.core.errors import brief
from dltrainer_jupyter.core.frozen import Frozen, Short
from dltrainer_jupyter.core.places import without_secrets

OF_RUN = "run:"
"""In front of the name or id of a run, whose checkpoint is meant."""


class WeightsSpec(Frozen):
    """A file of weights, or another run's checkpoint, that a run begins with.

    Examples
    --------
    >>> WeightsSpec(path="run:digits-cnn@best").of_run
    ('digits-cnn', 'best')
    """

    path: str = Field(
        min_length=1,
        description="File (.safetensors, .pt, .pth, .bin, .ckpt, .npz, .keras, .weights.h5), checkpoint folder, URL of "
        "one, or run:NAME@best.",
    )
    sha256: str | None = Field(default=None, description="Checksum that the file has to have.")
    strict: bool = Field(
        default=True, description="Refuse a file whose names or shapes aren't the model's; false takes what fits."
    )

    @field_validator("path")
    @classmethod
    def _path_is_no_secret(cls, path: str) -> str:
        if path.startswith(OF_RUN):
            if not path.removeprefix(OF_RUN).partition("@")[0]:
                msg = f"expected the name of a run, such as run:digits-cnn@best, got {brief(path)}"
                raise ValueError(msg)
            return path
        return without_secrets(path)

    @field_validator("sha256")
    @classmethod
    def _sha256_is_one(cls, sha256: str | None) -> str | None:
        if sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
            msg = f"expected 64 hexadecimal digits, got {brief(sha256)}"
            raise ValueError(msg)
        return None if sha256 is None else sha256.lower()

    @property
    def of_run(self) -> tuple[str, str] | None:
        """The run and which of its checkpoints, if that is what is meant."""
        if not self.path.startswith(OF_RUN):
            return None
        name, _, which = self.path.removeprefix(OF_RUN).rpartition("@") if "@" in self.path else (self.path[4:], "", "")
        return name, which or "best"


class _Place(Short):
    def spell_out(self, value: Any) -> Any:
        return super().spell_out(os.fspath(value) if isinstance(value, os.PathLike) else value)


short_weights = _Place("path", (str,))
"""Lets a path stand for the settings."""
