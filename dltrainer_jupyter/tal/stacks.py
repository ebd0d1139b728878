"""The layers of a configuration's model, one by one: shapes, parameters, and what doesn't fit; imports no framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from dltrainer_jupyter.core.errors import ConfigurationError, Problem, brief
from dltrainer_jupyter.core.part import STACK, stacked
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.schema import without_preset
from dltrainer_jupyter.models.layers.flow import Flow
from dltrainer_jupyter.models.layers.outline import Line, outline
from dltrainer_jupyter.models.layers.stacked import LayerPart
from dltrainer_jupyter.models.stack import Stack, entering
from dltrainer_jupyter.views.words import one_line

_MOST = next(it.max_length for it in Stack.Config.model_fields["layers"].metadata if hasattr(it, "max_length"))


def outlined(settings: Mapping[str, Any], signature: Signature | None, why: str | None = None) -> dict[str, Any]:
    """Say of each layer what it takes, gives and learns, and what is wrong with it.

    Parameters
    ----------
    settings : mapping
        Of a configuration, whose model is a stack; only the model is looked at.
    signature : Signature or None
        What goes in; None where nobody knows, so that no shapes are.
    why : str, optional
        Why nobody knows.

    Returns
    -------
    dict
        JSON types, see :class:`dltrainer_jupyter.server.stack_schemas.OutlineAnswer`.

    Raises
    ------
    ConfigurationError
        If the model isn't made of layers.

    Examples
    --------
    >>> digits = Signature("classification", (1, 8, 8), 10)
    >>> found = outlined({"model": {"layers": ["flatten", {"type": "dense", "units": 8}]}}, digits)
    >>> [line["gives"] for line in found["lines"]], found["parameters"]
    ([[64], [8], [10]], 610)
    """
    given = _layers(settings.get("model"))
    read = [_read(layer) for layer in given]
    parts = [part for part, _ in read]
    if signature is not None and (refusal := _refusal(signature)):
        signature, why = None, refusal
    flow, at_entry = _flow(parts, signature)
    lines = outline(parts, flow, 0 if signature is None else signature.outputs)
    for number, (_, problem) in enumerate(read):
        if problem is not None:
            lines[number] = replace(lines[number], problems=(problem,))
    if at_entry is not None and lines:
        lines[0] = replace(lines[0], problems=(Problem((), at_entry), *lines[0].problems))
    return {
        "lines": [_line(line) for line in lines],
        "parameters": sum(line.parameters for line in lines),
        "task": signature and signature.task,
        "input_shape": signature and list(signature.input_shape),
        "form": signature and _form(signature),
        "tokens": flow.tokens if flow else 0,
        "outputs": signature and signature.outputs,
        "why": why if signature is None else None,
    }


def kinds(settings: Mapping[str, Any]) -> set[str]:
    """Name the kinds of layers that a configuration's model is made of, whether it is right or not."""
    try:
        return {part.type for part, _ in map(_read, _layers(settings.get("model")))}
    except ConfigurationError:
        return set()


def _layers(model: Any) -> list[Any]:
    """Give the layers as they were written.

    Raises
    ------
    ConfigurationError
        If there are none.
    """
    written = stacked({"type": model} if isinstance(model, str) else model)
    if not isinstance(written, Mapping) or written.get("type") != STACK:
        msg = f"model: expected layers, such as {{layers: [flatten]}}, got {brief(model)}."
        raise ConfigurationError(msg)
    config = {key: value for key, value in written.items() if key != "type"}
    layers = without_preset(Stack.Config, config, "model").get("layers", [])
    if not isinstance(layers, list | tuple) or len(layers) > _MOST:
        got = f"{len(layers):,}" if isinstance(layers, list | tuple) else brief(layers)
        msg = f"model.layers: expected a list of at most {_MOST:,} layers, got {got}."
        raise ConfigurationError(msg)
    return list(layers)


def _read(layer: Any) -> tuple[LayerPart, Problem | None]:
    """Read a layer; of one that can't be read, say why, and put one of no type in its place."""
    try:
        return LayerPart.model_validate(layer), None
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("name",):
            named = layer["name"] if isinstance(layer, Mapping) else layer
            msg = f"name: expected a letter, then letters, digits or _, 60 at most, got {brief(named)}."
            rest = {key: value for key, value in layer.items() if key != "name"}
            return LayerPart.model_validate(rest), Problem(("name",), msg)
        said = first["msg"].removeprefix("Value error, ")
        kind = layer.get("type") if isinstance(layer, Mapping) else None
        return LayerPart(type=kind if isinstance(kind, str) else "?"), Problem((), f"{said}.")


def _refusal(signature: Signature) -> str | None:
    """Say why no stack takes such samples, if none does."""
    if not signature.inputs and not signature.input_shape:
        return "data: a stack takes samples of at least one axis, and here each is a single number."
    if signature.inputs:
        names = ", ".join(map(str, signature.inputs))
        return f"data: a stack takes one input, and this data has {len(signature.inputs)} ({names})."
    if signature.targets:
        return f"data: a stack gives one output, and this data has {len(signature.targets)} targets."
    if signature.task not in Stack.task:
        wanted = " or ".join(Stack.task)
        return f"data: a stack is for {wanted}, and this data is for {signature.task}."
    return None


def _form(signature: Signature) -> str | None:
    """Say what samples look like to layers, whatever the first of them is."""
    flow, _ = _flow([LayerPart(type="embedding", config={"vocabulary": 1})], signature)
    return (flow if flow is not None and flow.tokens else Flow(signature.input_shape)).form


def _flow(parts: list[LayerPart], signature: Signature | None) -> tuple[Flow | None, str | None]:
    """Say how a sample goes in, or why it can't."""
    if signature is None:
        return None, None
    try:
        return entering(parts, signature), None
    except ConfigurationError as error:
        return None, str(error).removeprefix("model: ")


def _line(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "type": line.type,
        "takes": line.takes and list(line.takes),
        "gives": line.gives and list(line.gives),
        "parameters": line.parameters,
        "problems": [{"path": list(it.path), "message": one_line(it.message)} for it in line.problems],
        "added": line.added,
    }
