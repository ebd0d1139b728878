"""Average precision of boxes as COCO defines it, computed by faster-coco-eval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError
from dltrainer_jupyter.metrics.means import mean_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array

    Floats = npt.NDArray[np.float64]

THRESHOLDS = tuple(np.linspace(0.5, 0.95, 10).tolist())
"""Overlaps (intersection over union) from which on a detection is right, for the mean over them."""
RECALLS = 101
"""Recalls at which precision is looked up, from 0 to 1."""
_MOST = 100
"""Detections of one image that are looked at, those of the highest score."""
_DETECTION, _TRUTH = 6, 5


class Boxes:
    """Detections and true boxes of images, without their padding.

    Examples
    --------
    >>> boxes = Boxes()
    >>> boxes.add(np.array([[[0, 0, 4, 4, 0.9, 1]]], np.float32), np.array([[[0, 0, 4, 4, 1]]], np.float32))
    >>> boxes.count, boxes.detections.shape
    (1, (1, 7))
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.count = 0
        self.undefined = 0
        """Detections without a place or a score, which hold NaN or infinity: they are none."""
        self._detections: list[Array] = []
        self._truths: list[Array] = []

    def add(self, detections: Array, truths: Array) -> None:
        """Take in images, one after another.

        Parameters
        ----------
        detections : numpy.ndarray, shape (n, k, 6)
            x0, y0, x1, y1, score, class; class -1 where there is none.
        truths : numpy.ndarray, shape (n, m, 5)
            x0, y0, x1, y1, class; class -1 where there is none.

        Raises
        ------
        ConfigurationError
            If shapes are others.
        """
        _check(detections, truths)
        there = defined(detections)
        if there is not detections:
            self.undefined += int(np.count_nonzero((there != detections).any(axis=2)))
            detections = there
        self._detections.append(_flat(detections, self.count))
        self._truths.append(_flat(truths, self.count))
        self.count += len(truths)

    @property
    def detections(self) -> npt.NDArray[np.float32]:
        """The number of the image and what was said of it, shape (total, 7)."""
        return np.concatenate([np.empty((0, _DETECTION + 1), np.float32), *self._detections])

    @property
    def truths(self) -> npt.NDArray[np.float32]:
        """The number of the image and a true box, shape (total, 6)."""
        return np.concatenate([np.empty((0, _TRUTH + 1), np.float32), *self._truths])

    def state(self) -> dict[str, Any]:
        """Give what :meth:`load_state` needs to go on."""
        return {"count": self.count, "detections": self.detections, "truths": self.truths}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        self.count = int(state["count"])
        self._detections = [np.array(state["detections"], np.float32)]
        self._truths = [np.array(state["truths"], np.float32)]


@dataclass(frozen=True)
class Precisions:
    """What COCO's evaluation found."""

    values: Floats
    """Precision at each overlap, recall and class, shape (t, 101, classes); -1 for a class without true boxes."""

    def by_class(self) -> Floats:
        """Average over overlaps and recalls, shape (classes,); NaN for a class without true boxes."""
        means: Floats = self.values.mean(axis=(0, 1))
        return np.where((self.values < 0).any(axis=(0, 1)), np.nan, means)

    def mean(self) -> float:
        """Average over overlaps, recalls and the classes that have true boxes; NaN if none has."""
        return mean_of(self.by_class())


def precisions(boxes: Boxes, classes: int, thresholds: Sequence[float] = THRESHOLDS) -> Precisions:
    """Evaluate detections (Lin et al., 2014, "Microsoft COCO: Common Objects in Context").

    Parameters
    ----------
    boxes : Boxes
        All of a set.
    classes : int
        How many there are.
    thresholds : sequence of float
        Overlaps from which on a detection is right.

    Raises
    ------
    MissingPackageError
        If faster-coco-eval isn't installed.
    """
    try:
        from faster_coco_eval import COCO, COCOeval_faster
    except ModuleNotFoundError as error:
        msg = (
            "Average precision needs the package 'faster-coco-eval', which isn't installed: "
            'pip install "dltrainer-jupyter[detection]"'
        )
        raise MissingPackageError(msg) from error
    truths, detections = boxes.truths, boxes.detections
    if not len(truths):
        return Precisions(np.full((len(thresholds), RECALLS, classes), -1.0))
    about = {
        "images": [{"id": number} for number in range(boxes.count)],
        "categories": [{"id": number, "name": str(number)} for number in range(1, classes + 1)],
    }
    evaluation = COCOeval_faster(
        COCO({**about, "annotations": _annotations(truths)}),
        COCO({**about, "annotations": _annotations(detections)}),
        iouType="bbox",
    )
    settings = evaluation.params
    settings.iouThrs = np.array(thresholds, np.float64)
    settings.maxDets = [_MOST]
    settings.areaRng, settings.areaRngLbl = settings.areaRng[:1], settings.areaRngLbl[:1]
    settings.imgIds, settings.catIds = list(range(boxes.count)), list(range(1, classes + 1))
    evaluation.evaluate()
    evaluation.accumulate()
    found = np.asarray(evaluation.eval["precision"], np.float64)
    return Precisions(found.reshape(len(thresholds), RECALLS, classes))


def defined(detections: Array) -> Array:
    """Put -1 in the place of detections that hold NaN or infinity: what has no place or no score is none."""
    whole = np.asarray(np.isfinite(detections).all(axis=-1))
    return detections if whole.all() else np.where(whole[..., None], detections, -1)


def _annotations(rows: npt.NDArray[np.float32]) -> list[dict[str, Any]]:
    """Write boxes as COCO does: numbers from 1, width and height instead of the far corner."""
    exact = rows.astype(np.float64)
    corners = np.concatenate([exact[:, 1:3], exact[:, 3:5] - exact[:, 1:3]], axis=1)
    areas = (corners[:, 2] * corners[:, 3]).tolist()
    scores = exact[:, 5].tolist() if rows.shape[1] == _DETECTION + 1 else [1.0] * len(rows)
    columns = zip(
        exact[:, 0].astype(int).tolist(),
        (exact[:, -1].astype(int) + 1).tolist(),
        corners.tolist(),
        areas,
        scores,
        strict=True,
    )
    return [
        {"id": number, "image_id": image, "category_id": category, "bbox": box, "area": area, "score": score}
        | {"iscrowd": 0, "ignore": 0}
        for number, (image, category, box, area, score) in enumerate(columns, start=1)
    ]


def _check(detections: Array, truths: Array) -> None:
    fits = (
        detections.ndim == truths.ndim == 3  # noqa: PLR2004 - images, boxes, what is known of one
        and (detections.shape[2], truths.shape[2]) == (_DETECTION, _TRUTH)
        and len(detections) == len(truths)
    )
    if not fits:
        msg = (
            "metrics: expected detections of shape (n, k, 6), x0, y0, x1, y1, score, class, and targets of shape "
            f"(n, m, 5); got {detections.shape} and {truths.shape}."
        )
        raise ConfigurationError(msg)


def _flat(boxes: Array, first: int) -> npt.NDArray[np.float32]:
    image, position = np.nonzero(boxes[:, :, -1] >= 0)
    numbers = (image + first).astype(np.float32)[:, None]
    return np.concatenate([numbers, boxes[image, position].astype(np.float32)], axis=1)
