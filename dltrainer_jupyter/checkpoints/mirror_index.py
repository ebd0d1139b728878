"""What a copy of a run consists of: one document, sealed by its checksum.

The newest one that is whole counts: of the highest attempt, then of the highest number.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from dltrainer_jupyter.core.errors import CheckpointError

FORMAT = 1
CHECKPOINTS, HISTORY = "checkpoints", "history"
_NAME = re.compile(r"index-(\d{6,})-(\d{9,})\.json")


@dataclass(frozen=True)
class Blob:
    """A file at the place, by its name and checksum."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Piece:
    """The rows of a run from one mark to the next."""

    blob: Blob
    step: int
    """The last step in it, of series and metrics."""
    epoch: int
    """The last epoch."""
    event: int
    """The last event, by its number in the store that wrote it."""
    level: int = 0
    """Pieces are joined, a few of one level to one of the next."""


@dataclass(frozen=True)
class Index:
    """What a copy consists of."""

    attempt: int
    number: int
    store: str
    """UUID of the store that wrote it."""
    host: str
    written_at: str
    run: dict[str, Any]
    """The run's own rows."""
    checkpoints: dict[str, dict[str, Any]]
    """By folder name at the place: the checkpoint's row."""
    history: tuple[Piece, ...]
    objects: Blob | None
    parts: Blob | None = None
    """The run's copy of plug-ins and of classes of the notebook."""
    steps: Blob | None = None
    """The user's own steps of processing."""
    format: int = FORMAT

    @property
    def name(self) -> str:
        """The file's name."""
        return f"index-{self.attempt:06d}-{self.number:09d}.json"

    @property
    def named(self) -> set[str]:
        """The paths, within the run's folder, that it names."""
        named = {f"{CHECKPOINTS}/{name}" for name in self.checkpoints}
        named |= {f"{HISTORY}/{piece.blob.name}" for piece in self.history}
        return named | {own.name for own in (self.objects, self.parts, self.steps) if own}

    def sealed(self) -> bytes:
        """Write it out, for :func:`unsealed`."""
        body = json.dumps(asdict(self), sort_keys=True)
        return json.dumps({"checksum": hashlib.sha256(body.encode()).hexdigest(), "index": body}).encode()


def unsealed(data: bytes) -> Index:
    """Read an index.

    Raises
    ------
    CheckpointError
        If it is damaged, or a newer version's.
    """
    try:
        sealed = json.loads(data)
        body = sealed["index"]
        if hashlib.sha256(body.encode()).hexdigest() != sealed["checksum"]:
            msg = "its checksum does not fit its content."
            raise CheckpointError(msg)
        fields = json.loads(body)
        if fields["format"] > FORMAT:
            msg = f"it has format {fields['format']}, this version reads up to {FORMAT}: upgrade dltrainer-jupyter."
            raise CheckpointError(msg)
        history = tuple(Piece(**{**piece, "blob": Blob(**piece["blob"])}) for piece in fields.pop("history"))
        objects, parts, steps = fields.pop("objects"), fields.pop("parts", None), fields.pop("steps", None)
        objects, parts, steps = (own and Blob(**own) for own in (objects, parts, steps))
        return Index(**fields, history=history, objects=objects, parts=parts, steps=steps)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        msg = f"expected a sealed JSON document, got something else ({type(error).__name__})."
        raise CheckpointError(msg) from error


def newest_first(names: list[str]) -> list[str]:
    """Choose from the names in a run's folder those of indexes."""
    found = [match for name in names if (match := _NAME.fullmatch(name))]
    return [match[0] for match in sorted(found, key=lambda it: (int(it[1]), int(it[2])), reverse=True)]
