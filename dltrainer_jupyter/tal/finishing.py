"""A run's postprocessing: from what its model gives to what people see."""

from __future__ import annotations

from typing import Any

from dltrainer_jupyter.core.choosing import is_several
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.records import RunRecord
from dltrainer_jupyter.data.steps.keeping import current
from dltrainer_jupyter.loop.kept_steps import name_of
from dltrainer_jupyter.postprocessing import chain
from dltrainer_jupyter.postprocessing.predicted import Predicted
from dltrainer_jupyter.tal.heads import by_output
from dltrainer_jupyter.tal.outputs import begun, predictions


def finished(outputs: Any, signature: Signature, run: RunRecord) -> Predicted:
    """Apply a run's postprocessing to what its model gives.

    Parameters
    ----------
    outputs : numpy.ndarray, or mapping or tuple of such
        Of a predictor.
    signature : Signature
        The model's.
    run : RunRecord
        Whose own steps this thread can find.

    Returns
    -------
    Predicted
        Of several outputs their structure, of each what is predicted, after steps of the user's own.

    Raises
    ------
    ConfigurationError
        If a step can't do its work.
    """
    spec = run.spec
    if is_several(outputs):
        start = Predicted(by_output(outputs, signature, spec, predictions), "anything")
    else:
        start = begun(outputs, signature)
    if not spec.postprocessing:
        return start
    own = current()
    assert own is not None  # noqa: S101 - said above
    steps = chain.chain_of(spec.postprocessing, lambda index: own.kept.restore(name_of(index)))
    return chain.apply(spec.postprocessing, steps, start, signature)
