"""What a worker can be asked to do; each takes and gives JSON types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError

if TYPE_CHECKING:
    from dltrainer_jupyter.tal.inference import TrainedModel

_MOST_VALUES = 2_000_000
"""Values an answer may hold: some 40 MB of text."""


def predict(store: str, run: str, checkpoint: str | int, **asked: Any) -> dict[str, Any]:
    """Predict with a checkpoint of a run; see :func:`dltrainer_jupyter.tal.trying.answer`."""
    answer = _trained(store, run, checkpoint).answer(**asked)
    values = sum(map(_size, (answer["predictions"], answer["probabilities"])))
    if values > _MOST_VALUES:
        msg = (
            f"The answer would hold {values:,} values, and {_MOST_VALUES:,} are the most; send fewer samples at a time."
        )
        raise ConfigurationError(msg)
    return answer


def examples(store: str, run: str, checkpoint: str | int, count: int, offset: int) -> dict[str, Any]:
    """Predict some validation examples, as a panel shows them."""
    return _trained(store, run, checkpoint).examples(count, offset)


def heatmaps(store: str, run: str, checkpoint: str | int, index: list[int]) -> dict[str, Any]:
    """Show where the model looks on validation examples."""
    return _trained(store, run, checkpoint).heatmaps(index)


def test(
    store: str, run: str, checkpoint: str | int, data: str | Mapping[str, Any] | None, name: str | None
) -> dict[str, Any]:
    """Measure a checkpoint on a whole data set that has a name, or on what the run held back."""
    from dltrainer_jupyter.store.store import Store
    from dltrainer_jupyter.tal.run import Run
    from dltrainer_jupyter.views.test_runs import test_run_document

    return test_run_document(Run(run, Store.open(store)).test(data, checkpoint, name))


def models(framework: str | None, task: str | None, *, reload: bool) -> dict[str, Any]:
    """List the models there are."""
    from dltrainer_jupyter.tal import architectures
    from dltrainer_jupyter.tal.plug_in_folder import problems, reload_plugins

    if reload:
        reload_plugins()
    return {"models": architectures.overview(framework, task), "problems": problems()}


def model(name: str) -> dict[str, Any]:
    """Describe a model."""
    from dltrainer_jupyter.tal import architectures

    return architectures.metadata(name)


def model_schema(name: str) -> dict[str, Any]:
    """Give the JSON schema of a model's settings."""
    from dltrainer_jupyter.tal import architectures

    return architectures.config_schema(name)


def model_config(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """Check settings of a model."""
    from dltrainer_jupyter.tal import architectures

    return architectures.validated(name, config)


def parts(kind: str, framework: str | None, task: str | None, *, reload: bool) -> dict[str, Any]:
    """List the parts of one kind."""
    from dltrainer_jupyter.tal import catalogue
    from dltrainer_jupyter.tal.plug_in_folder import reload_plugins

    if reload:
        reload_plugins()
    return catalogue.offer(catalogue.kind_called(kind), framework, task)


def part(kind: str, name: str) -> dict[str, Any]:
    """Describe a part."""
    from dltrainer_jupyter.tal import catalogue

    return catalogue.document(catalogue.kind_called(kind), name)


def check_parts(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Check the parts of a specification.

    Returns
    -------
    dict
        ``written``: the keys in which presets were written out; ``secret_keys``: what nobody may see of its trackers'
        settings; ``histograms``: whether one of them asks for some.
    """
    from dltrainer_jupyter.core.spec import RunSpec
    from dltrainer_jupyter.core.validation import validate
    from dltrainer_jupyter.loop.presets import with_presets
    from dltrainer_jupyter.tal import measuring, sealing

    whole = validate(RunSpec, spec)
    sealing.checked(whole)
    written = with_presets(whole)
    changed = {key for key in RunSpec.model_fields if getattr(written, key) != getattr(whole, key)}
    return {
        "written": {key: value for key, value in written.dump().items() if key in changed},
        "secret_keys": sealing.secret_keys(written),
        "histograms": measuring.histograms_wanted(written),
    }


def check(text: str, *, is_json: bool) -> dict[str, Any]:
    """Say what is wrong with the text of a configuration."""
    from dltrainer_jupyter.tal import checking

    return checking.document(checking.check(text, is_json=is_json))


def glimpse(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Find out what the samples of a configuration are like."""
    from dltrainer_jupyter.tal import glimpse as looking

    return looking.document(looking.glimpse(settings))


def outline(settings: Mapping[str, Any], signature: Mapping[str, Any] | None, why: str | None) -> dict[str, Any]:
    """Follow a sample through the layers of a configuration's model."""
    from dltrainer_jupyter.tal import glimpse as looking
    from dltrainer_jupyter.tal import stacks

    return stacks.outlined(settings, None if signature is None else looking.read(signature), why)


_ABOUT_PARTS = (models, model, model_schema, model_config, parts, part, check_parts, check, glimpse, outline)
_ALL = (predict, examples, heatmaps, test, *_ABOUT_PARTS)
ERRANDS: dict[str, Callable[..., Any]] = {errand.__name__: errand for errand in _ALL}
LENGTHY = frozenset({test.__name__})
"""Those that nobody looks at a clock for: training comes first. For all others a person waits."""


def _trained(store: str, run: str, checkpoint: str | int) -> TrainedModel:
    from dltrainer_jupyter.store.store import Store
    from dltrainer_jupyter.tal.run import Run

    return Run(run, Store.open(store)).trained(checkpoint)


def _size(values: Any) -> int:
    """Count the values of nested lists of one shape."""
    size = 1 if isinstance(values, list) else 0
    while isinstance(values, list):
        size *= len(values)
        values = values[0] if values else None
    return size
