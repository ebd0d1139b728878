"""What a classifier has learnt: each class found and confused, scores ranked, confidence beside accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dltrainer_jupyter.metrics.counting import ClassCounts
from dltrainer_jupyter.metrics.decisions import UNDECIDED, chosen
from dltrainer_jupyter.metrics.examining.calibration import Calibration
from dltrainer_jupyter.metrics.examining.curves import curves_of
from dltrainer_jupyter.metrics.examining.scores import Scores
from dltrainer_jupyter.metrics.examining.shares import Decisions, decisions, shares
from dltrainer_jupyter.metrics.examining.top import MANY, best_of, in_best
from dltrainer_jupyter.metrics.means import mean_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from dltrainer_jupyter.core.protocols import Array, Signature
    from dltrainer_jupyter.metrics.examining.kept import Kept

_SLICE = 2**20
"""Scores that are looked at together."""
_LISTED = 2048
"""Classes that have a row of their own at most."""


class ClassExaminer:
    """Examines classifiers: one class a sample, or one for each of its positions.

    An example without a decision, whose scores aren't numbers (see
    :func:`~dltrainer_jupyter.metrics.decisions.chosen`), counts as wrong, and is left out of rankings and calibration;
    one whose target is no class of the model is left out of everything. Both are told in the notes. A class without
    examples has precision, recall and F1 of 0 and no area; where all examples are of one class there is no area under
    a ROC curve at all, and average precision of that class only. What isn't defined is NaN, and left out of means.

    The loss of an example is the cross-entropy of its target, whatever the run minimises; with a class for each
    position it is their mean, and such an example has a ``score``, its share of right positions, in place of what is
    told of a single decision.

    Memory, for ``n`` decisions among ``c`` classes and ``m`` examples kept: ``4 n c`` bytes while ``n c`` is at most
    2**24 (64 MiB), afterwards ``16 · 1,024 · c`` whatever ``n`` is (see :class:`.scores.Scores`); ``24 c`` for counts;
    some ``120 m`` for examples (twice that meanwhile); and some six times 4 MiB while a slice of
    2**20 scores is looked at. A million examples of a thousand classes take 100 MiB at most, when what was kept goes
    into bins, and 16 MiB afterwards.

    Parameters
    ----------
    signature : Signature
        Number and names of classes; a model may have more.
    kept : Kept
        Which examples are kept.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> from dltrainer_jupyter.metrics.examining.kept import Kept
    >>> examiner = ClassExaminer(Signature("classification", (2,), 2), Kept(seed=0, most=10))
    >>> examiner.update(np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), np.array([0, 1, 1]), [3])
    >>> round(examiner.summary()["overall"]["macro"]["f1"], 4)
    0.6667
    """

    def __init__(self, signature: Signature, kept: Kept) -> None:
        self._signature = signature
        self._kept = kept
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._kept.reset()
        self._begun = False
        self._refused: str | None = None
        self._counts = ClassCounts(0)
        self._scores = Scores(1)
        self._calibration = Calibration()
        self._in_top = 0

    def update(self, outputs: Array, targets: Array, sizes: Sequence[int]) -> None:  # noqa: ARG002 - counts just add up
        """Take in consecutive batches, as :func:`~dltrainer_jupyter.metrics.decisions.decide` takes them."""
        if self._refused is not None or not len(outputs):
            return
        lined_up = decisions(outputs, targets)
        if lined_up is None or (self._begun and lined_up.scores.shape[1] > self._counts.classes):
            self._refused = (
                f"Nothing is said of classes: outputs of shape {outputs.shape} and targets of shape {targets.shape} "
                "aren't one decision a target."
            )
            return
        if not self._begun:
            self._begin(lined_up.scores.shape[1])
        examples = len(outputs)
        rows = self._kept.choose(examples)
        of_examples = self._examine(lined_up, rows) if lined_up.each == 1 else self._dense(lined_up, rows)
        if of_examples is not None:
            self._kept.add(**of_examples)

    def _begin(self, width: int) -> None:
        self._begun = True
        classes = max(width, self._signature.outputs, 2)
        self._counts, self._scores = ClassCounts(classes), Scores(classes)

    def _examine(self, lined_up: Decisions, rows: npt.NDArray[np.intp]) -> dict[str, Array]:
        """Examine one decision a sample; give columns about those that are kept."""
        scores, truth, _ = lined_up
        columns: list[dict[str, Array]] = []
        for start in range(0, len(truth), step := max(_SLICE // scores.shape[1], 1)):
            cut = slice(start, start + step)
            seen = self._take_in(scores[cut], truth[cut])
            here = rows[np.searchsorted(rows, start) : np.searchsorted(rows, start + step)] - start
            best, sure = best_of(scores[cut][here], seen.shares[here], seen.predicted[here])
            columns.append(
                {
                    "truth": truth[cut][here].astype(np.int32),
                    "prediction": seen.predicted[here].astype(np.int32),
                    "confidence": seen.confidence[here],
                    "correct": seen.right[here],
                    "loss": seen.loss[here],
                    "top": best,
                    "top_confidence": sure,
                }
            )
        return {name: np.concatenate([column[name] for column in columns]) for name in columns[0]}

    def _dense(self, lined_up: Decisions, rows: npt.NDArray[np.intp]) -> dict[str, Array]:
        """Examine a class for each position; give columns about the samples that are kept."""
        scores, truth, each = lined_up
        loss, right = np.empty(len(truth), np.float32), np.empty(len(truth), bool)
        for start in range(0, len(truth), step := max(_SLICE // scores.shape[1], 1)):
            cut = slice(start, start + step)
            seen = self._take_in(scores[cut], truth[cut])
            loss[cut], right[cut] = seen.loss, seen.right
        by_sample, hits = loss.reshape(-1, each)[rows], right.reshape(-1, each)[rows]
        return {"loss": by_sample.mean(axis=1), "score": hits.mean(axis=1, dtype=np.float32)}

    def _take_in(self, scores: Array, truth: npt.NDArray[np.int64]) -> _Seen:
        """Count a slice of decisions."""
        rows = np.arange(len(truth))
        parts, log_sums = shares(scores)
        predicted = chosen(scores)
        confidence = parts[rows, predicted]
        decided, known = predicted != UNDECIDED, (truth >= 0) & (truth < self._counts.classes)
        scored = known if scores.shape[1] == self._counts.classes else known & (truth < scores.shape[1])
        of_truth = scores[rows, np.where(scored, truth, 0)].astype(np.float32, copy=False)
        loss = log_sums - of_truth
        if not (usable := decided & scored).all():
            loss[~scored] = np.nan
        right = (predicted == truth) & decided
        self._counts.add(truth, predicted)
        if scores.shape[1] > MANY:
            self._in_top += int(in_best(scores, of_truth, truth, usable).sum())
        if usable.all():
            self._scores.add(self._widened(parts), truth)
            self._calibration.add(confidence, right)
        else:
            self._scores.add(self._widened(parts[usable]), truth[usable])
            counted = decided & known
            self._calibration.add(confidence[counted], right[counted])
        return _Seen(parts, predicted, confidence, right, loss)

    def _widened(self, parts: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Give classes that the model doesn't know a share of 0."""
        missing = self._counts.classes - parts.shape[1]
        return np.pad(parts, ((0, 0), (0, missing))) if missing else parts

    def summary(self) -> dict[str, Any]:
        """Say what was found; ``{"task", "count", "sampled", "notes"}`` alone if nothing can be said of classes."""
        kept = self._kept
        common = kept.about("classification")
        if self._refused is not None or not self._begun:
            return common | {"notes": [self._refused] if self._refused else []}
        counts, labels = self._counts, self._labels()
        curves = curves_of(self._scores, counts.support)
        overall: dict[str, Any] = {"accuracy": counts.accuracy}
        if counts.classes > MANY:
            overall["top5"] = self._in_top / counts.total if counts.total else float("nan")
        overall |= counts.averages() | {
            "auc_macro": mean_of(curves.auc),
            "ap_macro": mean_of(curves.ap),
            "ece": self._calibration.error,
        }
        listed = np.sort(np.argsort(-counts.support, kind="stable")[:_LISTED])
        columns = {**counts.columns(), "auc": curves.auc, "ap": curves.ap}
        return common | {
            "notes": [*counts.notes(labels), *curves.notes, *_unlisted(counts.classes)],
            "overall": overall,
            "classes": [
                {"label": labels[number], "class": int(number)}
                | {name: column[number].item() for name, column in columns.items()}
                for number in listed
            ],
            "roc": curves.roc,
            "pr": curves.pr,
            "calibration": self._calibration.summary(),
        }

    def examples(self) -> Mapping[str, Array]:
        """Give ``index loss truth prediction confidence correct top top_confidence``, a row an example.

        A prediction of -1 is none: its scores weren't numbers.
        """
        return {} if self._refused is not None else self._kept.columns()

    def _labels(self) -> list[str]:
        named = [str(label) for label in self._signature.labels][: self._counts.classes]
        return named + [str(number) for number in range(len(named), self._counts.classes)]


class _Seen(NamedTuple):
    """What was seen of a slice, a row a decision."""

    shares: npt.NDArray[np.float32]
    predicted: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float32]
    right: npt.NDArray[np.bool_]
    loss: npt.NDArray[np.float32]


def _unlisted(classes: int) -> list[str]:
    if classes <= _LISTED:
        return []
    return [f"The table lists the {_LISTED:,} of {classes:,} classes that have most examples; the averages are of all."]
