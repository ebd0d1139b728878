"""Neptune: a run's history in the client's own files, as the hosted service has closed."""

from __future__ import annotations

from dltrainer_jupyter.trackers.neptune.tracker import Neptune

__all__ = ["Neptune"]
