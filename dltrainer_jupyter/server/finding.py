"""Reading what validations found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.server.finding_schemas import ConfusionsQuery, EvaluationQuery, ExamplesQuery

if TYPE_CHECKING:
    from dltrainer_jupyter.tal import Run


def evaluation(ref: str, query: EvaluationQuery) -> dict[str, Any]:
    """Give what a validation found of the whole set."""
    from dltrainer_jupyter.views.evaluation import evaluation

    found = _get(ref)
    return evaluation(found.store, found.id, query.epoch)


def confusions(ref: str, query: ConfusionsQuery) -> dict[str, Any]:
    """Give confusion matrices of many epochs."""
    from dltrainer_jupyter.views.evaluation import confusions

    found = _get(ref)
    return confusions(found.store, found.id, query.after, query.limit)


def examples(ref: str, query: ExamplesQuery) -> dict[str, Any]:
    """Give single examples with their pictures."""
    from dltrainer_jupyter.tal.places import here
    from dltrainer_jupyter.views.examples import examples

    found = _get(ref)
    return examples(found.store, found.id, here(found.store.run(found.id)), **query.model_dump())


def _get(ref: str) -> Run:
    from dltrainer_jupyter import tal

    return tal.get(ref)
