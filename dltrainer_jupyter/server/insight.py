"""Reading what a model is made of, how validations differ, and a run's report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.server.insight_schemas import ChangedQuery, DifferenceQuery, HistogramsQuery, ReportQuery
from dltrainer_jupyter.server.operation import File

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Run

REPORT_TYPES = {"html": "text/html", "ipynb": "application/x-ipynb+json", "md": "text/markdown"}


def analysis(ref: str) -> dict[str, Any]:
    """Describe a run's model, layer by layer."""
    from dltrainer_jupyter.views.insight import shown_analysis

    found = _get(ref)
    return shown_analysis(found.store, found.id)


def histograms(ref: str, query: HistogramsQuery) -> dict[str, Any]:
    """Say how values lay from epoch to epoch."""
    from dltrainer_jupyter.views.insight import shown_histograms

    found = _get(ref)
    return shown_histograms(found.store, found.id, query.kind, query.name)


def changed(ref: str, query: ChangedQuery) -> dict[str, Any]:
    """Find the examples that changed side."""
    from dltrainer_jupyter.tal.places import here
    from dltrainer_jupyter.views.insight import shown_changed

    found = _get(ref)
    return shown_changed(found.store, found.id, here(found.store.run(found.id)), **query.model_dump())


def difference(ref: str, query: DifferenceQuery) -> dict[str, Any]:
    """Compare two validations, and the settings of their runs."""
    from dltrainer_jupyter.views.insight import shown_difference

    found = _get(ref)
    return shown_difference(found.store, found.id, **query.model_dump())


def report(ref: str, query: ReportQuery) -> File:
    """Write a run's report."""
    from dltrainer_jupyter.tal.places import here
    from dltrainer_jupyter.views.report.writing import written

    found = _get(ref)
    content = written(found.store, found.id, here(found.store.run(found.id)), query.format)
    return File(f"report-{found.id}.{query.format}", REPORT_TYPES[query.format], content)


def _get(ref: str) -> Run:
    from dltrainer_jupyter import tal

    return tal.get(ref)
