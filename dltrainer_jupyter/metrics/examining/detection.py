"""What a detector has learnt: which objects it finds, how exactly, and which it makes up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.metrics.average_precision import RECALLS, Boxes, Precisions, defined, precisions
from dltrainer_jupyter.metrics.examining.matching import matched

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Array, Signature
    from dltrainer_jupyter.metrics.examining.kept import Kept

_CURVES = 20
"""Classes with a curve at most."""
_EDGES = np.linspace(0.5, 1.0, 21)
_AT_50, _AT_75 = 0, 5
"""Where these overlaps stand among COCO's."""


class BoxExaminer:
    """Examines detectors.

    Overall numbers are those of the metrics ``map``, ``map50`` and ``map75``. For the score of an example, the F1 of
    its detections, those count that are at least 0.5 sure, and one is right that overlaps by half or more with an
    object of its class that no better one has found; an image without objects and detections has a score of 1. The loss
    of an example is what its score lacks to 1, since a detector's own belongs to whole batches.

    Memory, for ``d`` detections and ``t`` objects in the whole set and ``m`` examples kept: ``28 d + 24 t`` bytes,
    while the averages are computed about 1 KiB for each detection and object, and ``12 m`` and 24 bytes for each
    detection of an example kept.

    Parameters
    ----------
    signature : Signature
        Of the run.
    kept : Kept
        Which examples are kept.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> from dltrainer_jupyter.metrics.examining.kept import Kept
    >>> examiner = BoxExaminer(Signature("detection", (3, 9, 9), 1), Kept(seed=0, most=10))
    >>> examiner.update(np.array([[[0, 0, 9, 9, 0.9, 0]]]), np.array([[[0, 0, 9, 9, 0]]]), [1])
    >>> round(examiner.summary()["overall"]["map"], 6)
    1.0
    """

    def __init__(self, signature: Signature, kept: Kept) -> None:
        self._signature = signature
        self._kept = kept
        self._boxes = Boxes()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._kept.reset()
        self._boxes.reset()
        self._refused: str | None = None
        self._overlaps = np.zeros(len(_EDGES) - 1, np.int64)

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - images are apart
        """Take in consecutive batches: detections of shape (n, k, 6) and boxes of shape (n, m, 5)."""
        if self._refused is not None or not len(outputs):
            return
        try:
            self._boxes.add(outputs, targets)
        except ConfigurationError:
            self._refused = (
                f"Nothing is said of boxes: outputs of shape {outputs.shape} and targets of shape {targets.shape} are "
                "no detections (n, k, 6) and boxes (n, m, 5)."
            )
            return
        outputs = defined(outputs)
        scores, overlaps = matched(outputs, targets)
        self._overlaps += np.histogram(np.minimum(overlaps, 1.0), _EDGES)[0]
        if len(rows := self._kept.choose(len(outputs))):
            self._kept.add(
                loss=(1 - scores[rows]).astype(np.float32),
                score=scores[rows].astype(np.float32),
                boxes=[image[image[:, 5] >= 0].astype(np.float32) for image in outputs[rows]],
            )

    def summary(self) -> dict[str, Any]:
        """Say what was found; ``{"task", "count", "sampled", "notes"}`` alone if nothing can be said of boxes."""
        kept = self._kept
        common = kept.about("detection")
        if self._refused is not None or not kept.seen:
            return common | {"notes": [self._refused] if self._refused else []}
        truths = self._boxes.truths[:, -1].astype(int)
        said = self._boxes.detections[:, -1].astype(int)
        classes = max(self._signature.outputs, truths.max(initial=-1) + 1, said.max(initial=-1) + 1)
        support = np.bincount(truths, minlength=classes)
        notes = self._notes(support)
        try:
            found = precisions(self._boxes, classes)
        except MissingPackageError as error:
            notes.append(str(error))
            found = Precisions(np.full((_AT_75 + 1, RECALLS, classes), -1.0))
        at_50, at_75 = (Precisions(found.values[at : at + 1]) for at in (_AT_50, _AT_75))
        rows = zip(support.tolist(), found.by_class().tolist(), at_50.by_class().tolist(), strict=True)
        return common | {
            "notes": notes,
            "overall": {"map": found.mean(), "map50": at_50.mean(), "map75": at_75.mean()},
            "classes": [
                {"label": self._label(at), "support": count, "ap": ap, "ap50": ap50}
                for at, (count, ap, ap50) in enumerate(rows)
            ],
            "pr": _curves(at_50, support),
            "iou": {"edges": _EDGES.tolist(), "counts": self._overlaps.tolist()},
        }

    def _notes(self, support: Array) -> list[str]:
        notes = []
        if (absent := [self._label(int(at)) for at in np.flatnonzero(support == 0)]) and support.any():
            notes.append(f"There is no object of {few_of(absent)}: no average precision, and the mean leaves them out.")
        if not support.any():
            notes.append("There is no object in the whole set, so no average precision is defined.")
        if self._boxes.undefined:
            notes.append(f"{self._boxes.undefined:,} detections hold NaN or infinity and are left out.")
        if np.count_nonzero(support) > _CURVES:
            notes.append(f"Curves are of the {_CURVES} classes with the most objects.")
        return notes

    def _label(self, index: int) -> str:
        labels = self._signature.labels
        return labels[index] if index < len(labels) else str(index)

    def examples(self) -> Mapping[str, Array]:
        """Give ``index loss score``, a row an example, its ``boxes`` one after another, and where they end."""
        columns = {} if self._refused is not None else self._kept.columns()
        if not columns:
            return {}
        boxes = columns.pop("boxes")
        ends = np.cumsum([len(image) for image in boxes], dtype=np.int64)
        return columns | {"boxes": np.concatenate([np.empty((0, 6), np.float32), *boxes]), "box_ends": ends}


def _curves(at_50: Precisions, support: Array) -> dict[str, dict[str, list[float]]]:
    """Give precision at each recall, of the classes with the most objects."""
    largest = np.argsort(-support, kind="stable")[:_CURVES]
    recalls = np.linspace(0, 1, RECALLS).tolist()
    return {
        str(at): {"x": recalls, "y": at_50.values[0, :, at].tolist()}
        for at in sorted(largest.tolist())
        if support[at] and not math.isnan(at_50.by_class()[at])
    }
