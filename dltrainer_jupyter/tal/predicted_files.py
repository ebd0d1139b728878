"""What a model says of files, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.structures import mapped
from dltrainer_jupyter.tal.heads import rows
from dltrainer_jupyter.tal.inputs.files import from_paths
from dltrainer_jupyter.tal.outputs import as_json, has_names, likeliest, told
from dltrainer_jupyter.tal.trying import notes_of

if TYPE_CHECKING:
    import pandas as pd

    from dltrainer_jupyter.tal.inference import TrainedModel


def predicted(model: TrainedModel, paths: Any) -> pd.DataFrame:
    """Predict files; see :meth:`dltrainer_jupyter.tal.inference.TrainedModel.predict_files`."""
    import pandas as pd

    single = isinstance(paths, str) or hasattr(paths, "__fspath__")
    record, predictor, signature = model.ready()
    with model.own_parts():
        given = from_paths([paths] if single else paths, signature)
    outputs = given.merged(predictor.outputs(given.inputs))
    finished = model.finished(outputs, signature)
    said = rows(mapped(told(finished, signature), as_json))
    columns: dict[str, Any] = {"file": given.names, "prediction": said}
    if is_several(outputs) and isinstance(said[0], dict | list):
        named = said if isinstance(said[0], dict) else [dict(enumerate(one)) for one in said]
        columns = {"file": given.names} | {str(name): [one[name] for one in named] for name in named[0]}
    elif (best := likeliest(finished, signature, 1)) is not None:
        columns["confidence"] = [sample[0]["confidence"] for sample in best]
        columns["class_index"] = [sample[0]["class"] for sample in best]
        if has_names(signature):
            columns["prediction"] = [sample[0]["label"] for sample in best]
    table = pd.DataFrame(columns)
    table.attrs = {"notes": [*given.notes, *notes_of(predictor)], "digest": record.digest}
    return table
