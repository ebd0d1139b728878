"""The figure of a kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.widgets.figures import (
    calibration,
    confusion,
    curves,
    examples,
    histograms,
    per_class,
    rates,
    residuals,
)
from dltrainer_jupyter.widgets.figures.frame import Chooser

_KINDS: Mapping[str, Callable[..., Chooser]] = {
    "curves": curves.curves,
    "confusion": confusion.confusion,
    "roc": rates.roc,
    "pr": rates.pr,
    "calibration": calibration.calibration,
    "residuals": residuals.residuals,
    "per_class": per_class.per_class,
    "histograms": histograms.histograms,
    "examples": examples.examples,
}


def figure(run: Run, kind: str = "curves", **options: Any) -> Chooser:
    """Make an interactive figure of a run, as it is now.

    Parameters
    ----------
    run : Run
        Which run.
    kind : str, default "curves"
        ``curves``: the loss, or the metric that is named instead, such as ``"accuracy"``, over the steps; a click
        chooses the point of an epoch, and with ``figure.panning = True`` dragging pans and the wheel zooms.
        Of a validation: ``confusion``, ``roc``, ``pr``, ``calibration``, ``residuals``, ``per_class``, ``examples``.
        ``histograms`` of an array, from epoch to epoch.
    **options
        ``epoch`` of a validation, the newest by default; ``name`` of the array of ``histograms``.

    Returns
    -------
    Chooser
        A ``bqplot.Figure`` whose trait ``chosen`` says what was clicked last.

    Raises
    ------
    UnknownNameError
        If there is no such kind or option; suggests the nearest.
    NothingToPlotError
        If the run hasn't measured it yet.

    Examples
    --------
    >>> matrix = figure(run, "confusion")  # doctest: +SKIP
    >>> matrix.observe(lambda change: print(change.new), "chosen")  # doctest: +SKIP
    """
    make = _KINDS.get(kind)
    if make is None:
        metrics = curves.metrics_of(run)
        if kind not in metrics:
            raise UnknownNameError("figure", kind, [*_KINDS, *metrics])  # noqa: EM101 - the kind of name, not a message
        _refuse(options, ())
        return curves.lines(run, kind, metrics[kind])
    known = {"curves": (), "histograms": ("name",)}.get(kind, ("epoch",))
    _refuse(options, known)
    return make(run, **options)


def _refuse(options: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in options:
        if name not in known:
            what = "option of a figure"
            raise UnknownNameError(what, name, known)
