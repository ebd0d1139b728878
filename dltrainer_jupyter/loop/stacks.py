"""The layers that settings name in a stacked model: parts like the others, which lie one level deeper."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pydantic import ValidationError

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.part import STACK, Part, stacked
from dltrainer_jupyter.models.layers.stacked import LayerPart, called, made, refuse_namesakes
from dltrainer_jupyter.models.stack import Stack


def layers_of(settings: Mapping[str, Any]) -> list[tuple[str, registry.Kind, LayerPart, None]]:
    """Give the layers of the model by their keys, as :func:`dltrainer_jupyter.loop.checking.named_parts` gives parts.

    Parameters
    ----------
    settings : mapping
        Checked or not; what can't be read has no layers.
    """
    model = stacked(settings.get("model"))
    if isinstance(model, Mapping) and model.get("type") == STACK:
        config = {key: value for key, value in model.items() if key != "type"}
    elif isinstance(model, Part) and model.type == STACK:
        config = model.config
    else:
        return []
    try:
        layers = Stack.Config.model_validate(config).layers
    except ValidationError:
        return []  # said where the model's own settings are checked
    return [(f"model.layers.{number}", "layers", layer, None) for number, layer in enumerate(layers)]


def layer_checks(settings: Mapping[str, Any]) -> Iterator[Callable[[], Any]]:
    """Give what has to hold for each layer, and for all of them, as functions that raise."""
    layers = layers_of(settings)
    for key, _, layer, _ in layers:
        yield partial(made, layer, 1, key)
    yield partial(refuse_namesakes, called([layer for _, _, layer, _ in layers]), "model.layers")
