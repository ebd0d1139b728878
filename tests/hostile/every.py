"""All artefacts."""

from tests.hostile import (  # noqa: F401
    annotations,
    archives,
    arrays,
    checkpoints,
    configurations,
    mirrors,
    pickles,
    pictures,
    plug_ins,
    tables,
    texts,
    weights,
)
from tests.hostile.artefact import ARTEFACTS

__all__ = ["ARTEFACTS"]
