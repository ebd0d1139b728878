"""The verbs by which artefacts get in, as a person calls them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dltrainer_jupyter import tal
from dltrainer_jupyter.core import errors
from dltrainer_jupyter.tal.checking import check

RUN = "prepared"
"""A small classifier of digits that was trained beforehand."""


def trained_on(kind: str, **settings: Any) -> Callable[[Any], str]:
    """Train on data: what was written is their path, or other settings as well."""

    def feed(given: Any) -> str:
        more = given if isinstance(given, dict) else {"path": str(given)}
        model = "detector" if kind in ("coco", "yolo") else "mlp"
        data = {"type": kind, **settings, **more}
        run = tal.train(model=model, data=data, executor="inline", epochs=1, batch_size=4, threads=1, verbose=False)
        return said(run)

    return feed


def said(run: tal.Run) -> str:
    """Give what a run's events say; raise what it failed of."""
    failed = run.error
    if failed is not None:
        raise getattr(errors, failed.type, RuntimeError)(failed.message)
    return " ".join(event.message for event in run.store.events(run.id) if event.message)


def predicted(given: Any) -> str:
    """Predict a file, or a folder of them, by the prepared run."""
    return " ".join(tal.get(RUN).last.predict_files(str(given)).attrs["notes"])


def checked(given: Any) -> str:
    """Check the text of a configuration."""
    return " ".join(finding.message for finding in check(Path(given).read_text(encoding="utf-8")))
