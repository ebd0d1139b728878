"""What is known of a run's data, as an entity of MLflow's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

_LONGEST_NAME = 500
_LONGEST_DIGEST = 36
_SCHEMA_KEYS = {"input_shape", "dtype"}


def dataset_input(known: Mapping[str, Any], run_id: str) -> DatasetInput:
    """Describe the data a run learns from.

    Parameters
    ----------
    known : mapping
        ``name``, ``digest``, ``task``, ``input_shape``, ``labels`` …, in JSON types; all may be missing.
    run_id : str
        The run's, as the source of data that has no other.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    content = json.dumps(known, sort_keys=True, ensure_ascii=False, default=str)
    digest = str(known.get("digest") or hashlib.sha256(content.encode()).hexdigest()[:8])
    profile = {key: value for key, value in known.items() if key not in {"name", "digest", "source", *_SCHEMA_KEYS}}
    source = known.get("source") or {"tags": {"dltrainer.run_id": run_id}}
    dataset = Dataset(
        name=str(known.get("name") or "data")[:_LONGEST_NAME],
        digest=digest[:_LONGEST_DIGEST],
        # "code" is MLflow's word for data that a program made or loaded: it has no address of its own.
        source_type="code" if isinstance(source, Mapping) else "local",
        source=json.dumps(source if isinstance(source, Mapping) else {"uri": str(source)}, default=str),
        schema=_schema(known),
        profile=json.dumps(profile, ensure_ascii=False, default=str) if profile else None,
    )
    return DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])


def _schema(known: Mapping[str, Any]) -> str | None:
    if (shape := known.get("input_shape")) is None:
        return None
    spec = {"dtype": str(known.get("dtype", "float32")), "shape": [-1, *shape]}
    features = json.dumps([{"type": "tensor", "tensor-spec": spec}])  # text within text: as MLflow reads it
    return json.dumps({"mlflow_tensorspec": {"features": features, "targets": None}})
