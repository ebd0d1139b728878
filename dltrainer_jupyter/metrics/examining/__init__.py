"""What a validation says beyond numbers: one examiner a task, each over a whole set in one pass.

What lives here: an examiner a file or few, the choice of examples that are kept, and the arithmetic of rankings and
calibration. Each knows no framework, takes in several batches a call as NumPy arrays, and says the same however
batches were grouped into calls; its memory is bounded, by a formula in its docstring. None raises because a model or
data are unusual: what can't be said is left out, and a note says so.
What does not live here: when to validate (the loop's business), and how findings are shown (the views').
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols import Examiner, Signature
    from dltrainer_jupyter.metrics.examining.kept import Kept

_EXAMINERS = {
    "classification": "classification:ClassExaminer",
    "detection": "detection:BoxExaminer",
    "regression": "regression:ValueExaminer",
    "segmentation": "segmentation:PixelExaminer",
}
"""By task: module of this package and class, made from a signature and the examples to keep."""


def examiner_for(signature: Signature, kept: Kept) -> Examiner | None:
    """Make the examiner of a task.

    Parameters
    ----------
    signature : Signature
        Its task chooses; number and names of classes are taken from it.
    kept : Kept
        Which examples are kept, none so far.

    Returns
    -------
    Examiner or None
        None for a task that has none.

    Examples
    --------
    >>> from dltrainer_jupyter.core.protocols import Signature
    >>> from dltrainer_jupyter.metrics.examining.kept import Kept
    >>> type(examiner_for(Signature("regression", (3,), 1), Kept(seed=0, most=100))).__name__
    'ValueExaminer'
    """
    if (place := _EXAMINERS.get(signature.task)) is None:
        return None
    module, name = place.split(":")
    made: Examiner = getattr(import_module(f"{__name__}.{module}"), name)(signature, kept)
    return made
