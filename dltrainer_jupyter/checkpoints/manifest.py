"""What a checkpoint says about itself: a small JSON file that vouches for every other file, and for itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from dltrainer_jupyter.checkpoints import encoding
from dltrainer_jupyter.checkpoints.disk import PartRecord
from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import Signature

FORMAT = 1
"""Version of the folder's layout. A reader refuses a higher one."""

WEIGHTS = "weights.safetensors"
OPTIMIZER = "optimizer.safetensors"
STATE = "state.json"
MANIFEST = "manifest.json"
PARTS = (WEIGHTS, OPTIMIZER, STATE)
"""The files a manifest vouches for; it names exactly these, so no name in it can lead elsewhere."""

_SHA256_DIGITS = 64


@dataclass(frozen=True)
class Manifest:
    """What a checkpoint says about itself."""

    step: int
    """Optimizer steps done."""
    epoch: int
    """The epoch the cursor stands in, counted from 1; 0 before the first."""
    metrics: dict[str, float]
    """The newest known values, by name; NaN and infinities included."""
    digest: str
    """See :func:`dltrainer_jupyter.checkpoints.arrays.digest`."""
    signature: Signature
    """What the model takes and gives: with the weights, enough to predict."""
    versions: dict[str, str]
    """Of Python, the framework and whatever else the state depends on."""
    created_at: datetime
    """In UTC."""
    parts: dict[str, PartRecord]
    """By file name; exactly :data:`PARTS`."""
    format: int = FORMAT


def render(manifest: Manifest) -> bytes:
    """Write a manifest as JSON text that carries its own checksum.

    Returns
    -------
    bytes
        ``{"checksum": …, "manifest": {…}}``, the checksum being the SHA-256 of the inner object's text.
    """
    fields = asdict(manifest)
    body = {"format": fields.pop("format"), **fields, "created_at": manifest.created_at.isoformat()}
    return _sealed(encoding.encode(body, "manifest"))


def parse(text: bytes) -> Manifest:
    """Read a manifest; whatever is not letter for letter what :func:`render` wrote is refused.

    Raises
    ------
    CheckpointError
        If the text is damaged, or was written by a newer version. The message starts with ``manifest.json``.
    """
    try:
        sealed = json.loads(text.decode("ascii"))
        body = sealed["manifest"]
        version = body["format"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        msg = f"{MANIFEST} is damaged: expected JSON with a 'manifest', got something else ({error!r})."
        raise CheckpointError(msg) from error
    if type(version) is int and version > FORMAT:
        msg = f"{MANIFEST} has format {version}, this version reads up to {FORMAT}: upgrade dltrainer-jupyter."
        raise CheckpointError(msg)
    try:
        unchanged = _sealed(body) == text
    except (ValueError, RecursionError):
        unchanged = False
    if not unchanged:
        msg = f"{MANIFEST} is damaged: its checksum does not fit its content."
        raise CheckpointError(msg)
    return _manifest(encoding.decode(body, MANIFEST))


def _sealed(body: Any) -> bytes:
    checksum = hashlib.sha256(_text(body).encode("ascii")).hexdigest()
    return _text({"checksum": checksum, "manifest": body}).encode("ascii") + b"\n"


def _text(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=True, allow_nan=False, indent=2)


def _manifest(body: dict[str, Any]) -> Manifest:
    try:
        parts = {name: PartRecord(**part) for name, part in body.pop("parts").items()}
        signature = Signature(**body.pop("signature"))
        created_at = datetime.fromisoformat(body.pop("created_at")).astimezone(UTC)
        manifest = Manifest(**body, parts=parts, signature=signature, created_at=created_at)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f"{MANIFEST} does not hold what a manifest of format {FORMAT} holds ({error!r})."
        raise CheckpointError(msg) from error
    if set(parts) != set(PARTS):
        msg = f"{MANIFEST} names the files {sorted(parts)}, expected exactly {sorted(PARTS)}."
        raise CheckpointError(msg)
    for name, part in parts.items():
        if type(part.size) is not int or part.size < 0:
            msg = f"{MANIFEST} gives {name} the size {part.size!r}, expected a number of bytes."
            raise CheckpointError(msg)
        if type(part.sha256) is not str or len(part.sha256) != _SHA256_DIGITS:
            msg = f"{MANIFEST} gives {name} the SHA-256 {part.sha256!r}, expected {_SHA256_DIGITS} digits."
            raise CheckpointError(msg)
    return manifest
