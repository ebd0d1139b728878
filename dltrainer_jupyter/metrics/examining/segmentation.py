"""What a model of pixels has learnt: which classes it tells from which, how well outlines are met, and where."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.shortening import few_of
from dltrainer_jupyter.metrics.boundaries import boundary_scores
from dltrainer_jupyter.metrics.examining.masks import Masks
from dltrainer_jupyter.metrics.means import means_of
from dltrainer_jupyter.metrics.pixels import PixelCounts, decided, iou_of, pairs

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array, Signature
    from dltrainer_jupyter.metrics.examining.kept import Kept

    Floats = npt.NDArray[np.float64]

_TOLERANCE = 0.0075
"""Of outlines, as a share of the diagonal: that of the metric ``boundary_f1`` as it is by default."""
_TOGETHER = 2**22
"""Counts of examples that are made together."""


class PixelExaminer:
    """Examines models that tell the class of each pixel.

    Overall numbers are those of the metrics ``mean_iou``, ``dice``, ``pixel_accuracy`` and ``boundary_f1``. Pixels
    whose target is negative, as ``ignore_index`` wants it, are left out. A pixel without a decision, whose scores
    aren't numbers (see :func:`~dltrainer_jupyter.metrics.decisions.chosen`), counts as wrong, and is 0 in masks. A
    class that is in neither truth nor prediction has no numbers and is left out of means. The score of an example is
    its own mean intersection over union, its loss the mean cross-entropy of its pixels, whatever the run minimises.

    Memory, for ``c`` classes, images of ``h w`` pixels and ``m`` examples kept: ``8 c c`` bytes of counts, 16 bytes an
    example kept, and masks of 128 of them at most, 64 MiB at most (see :class:`.masks.Masks`).

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
    >>> examiner = PixelExaminer(Signature("segmentation", (1, 1, 2), 2), Kept(seed=0, most=10))
    >>> examiner.update(np.array([[[[1.0, 0.0]], [[0.0, 1.0]]]]), np.array([[[0, 0]]]), [1])
    >>> examiner.summary()["overall"]["mean_iou"]
    0.25
    """

    def __init__(self, signature: Signature, kept: Kept) -> None:
        self._signature = signature
        self._kept = kept
        self._masks = Masks(kept.seed, kept.most)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._kept.reset()
        self._masks.reset()
        self._refused: str | None = None
        self._pixels = PixelCounts(self._signature.outputs)
        self._outlines, self._outlined = 0.0, 0
        self._ignored = self._undefined = 0

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - counts just add up
        """Take in consecutive batches: scores (n, classes, h, w), or logits (n, 1, h, w), and classes (n, h, w)."""
        if self._refused is not None or not len(outputs):
            return
        try:
            predicted, actual = decided(outputs, targets)
        except ConfigurationError:
            self._refused = (
                f"Nothing is said of pixels: outputs of shape {outputs.shape} and targets of shape {targets.shape} "
                "don't pair."
            )
            return
        known = actual >= 0
        self._ignored += int(known.size - np.count_nonzero(known))
        places = tuple(range(1, outputs.ndim))
        self._undefined += int(np.count_nonzero(~np.isfinite(outputs).all(axis=places)))
        scores = self._count(predicted, actual, known)
        whole = known.all(axis=(1, 2))
        outlines = boundary_scores(predicted[whole], actual[whole], _TOLERANCE)
        having = np.isfinite(outlines)
        images = having.any(axis=1)
        self._outlines += float((np.where(having, outlines, 0).sum(axis=1)[images] / having.sum(axis=1)[images]).sum())
        self._outlined += int(np.count_nonzero(images))
        self._masks.add(predicted)
        if len(rows := self._kept.choose(len(outputs))):
            loss = _losses(outputs[rows], actual[rows], known[rows])
            self._kept.add(loss=loss, score=scores[rows].astype(np.float32))

    def _count(self, predicted: Array, actual: Array, known: npt.NDArray[np.bool_]) -> Floats:
        """Count pixels; give the mean IoU of each example."""
        classes = max(len(self._pixels.counts), int(predicted.max()) + 1, int(actual.max()) + 1)
        self._pixels.widen(classes)
        scores = np.full(len(actual), np.nan)
        step = max(1, _TOGETHER // classes**2)
        for start in range(0, len(actual), step):
            some = slice(start, start + step)
            there = known[some]
            counts = pairs(predicted[some][there], actual[some][there], np.nonzero(there)[0], len(there), classes)
            self._pixels.counts += counts.sum(axis=0)
            scores[some] = means_of(iou_of(counts))
        return scores

    def summary(self) -> dict[str, Any]:
        """Say what was found; ``{"task", "count", "sampled", "notes"}`` alone if nothing can be said of pixels."""
        kept, pixels = self._kept, self._pixels
        common = kept.about("segmentation")
        if self._refused is not None or not kept.seen:
            return common | {"notes": [self._refused] if self._refused else []}
        labels = self._signature.labels
        rows = zip(pixels.support.tolist(), pixels.iou().tolist(), pixels.dice().tolist(), strict=True)
        classes = [
            {"label": labels[at] if at < len(labels) else str(at), "support": support, "iou": iou, "dice": dice}
            for at, (support, iou, dice) in enumerate(rows)
        ]
        return common | {
            "notes": [*self._notes(classes), *self._masks.notes()],
            "overall": {
                "mean_iou": pixels.mean_iou(),
                "dice": pixels.mean_dice(),
                "pixel_accuracy": pixels.accuracy(),
                "boundary_f1": self._outlines / self._outlined if self._outlined else math.nan,
            },
            "classes": classes,
        }

    def _notes(self, classes: Sequence[Mapping[str, Any]]) -> list[str]:
        notes = []
        if absent := [str(row["label"]) for row in classes if not row["support"]]:
            notes.append(f"No pixel is of {few_of(absent)}; what is predicted as such is wrong, and averages count it.")
        if self._ignored:
            notes.append(f"{self._ignored:,} pixels have no class and are left out, as outlines of their images are.")
        if self._undefined:
            notes.append(
                f"The model's outputs for {self._undefined:,} examples hold NaN or infinity: pixels that nothing is "
                "decided about count as wrong."
            )
        return notes

    def examples(self) -> Mapping[str, Array]:
        """Give ``index loss score``, a row an example, and ``masks`` with the rows they belong to, ``mask_rows``."""
        columns = {} if self._refused is not None else self._kept.columns()
        if not columns:
            return {}
        return columns | self._masks.columns(columns["index"])


def _losses(outputs: Array, actual: Array, known: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Give the mean cross-entropy of the pixels of each example."""
    with np.errstate(over="ignore", invalid="ignore"):
        scores = outputs.astype(np.float32)
        if scores.shape[1] == 1:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        top = scores.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(scores - top).sum(axis=1))
        inside = np.clip(actual, 0, scores.shape[1] - 1)
        of_truth = np.take_along_axis(scores, inside[:, None], axis=1)[:, 0]
        entropy = np.where(actual < scores.shape[1], total - of_truth, np.inf)
        counted = known.sum(axis=(1, 2))
        sums = np.where(known, entropy, 0).sum(axis=(1, 2))
        losses: npt.NDArray[np.float32] = np.divide(
            sums, counted, out=np.full(len(sums), np.nan, np.float32), where=counted > 0
        )
    return losses
