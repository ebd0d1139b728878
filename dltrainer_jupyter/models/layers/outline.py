"""What a stack makes of a sample, layer by layer, without a framework: shapes, parameters, and what doesn't fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import count
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, MissingPackageError, Problem
from dltrainer_jupyter.models.layers.base import Layer
from dltrainer_jupyter.models.layers.flow import Flow, MisfitError
from dltrainer_jupyter.models.layers.stacked import OUTPUT, LayerPart, called, made_of


@dataclass(frozen=True)
class Line:
    """A layer of a stack."""

    name: str
    type: str
    coming: Flow | None
    """What comes; None behind a layer that can't be, and where nobody knows what goes in."""
    left: Flow | None = None
    """What it makes of that; None where it can't be."""
    parameters: int = 0
    problems: tuple[Problem, ...] = ()
    """What is wrong with it: settings by their names, and, with an empty path, that it doesn't fit."""
    added: bool = False
    """Whether nobody wrote it, as the output behind a stack that doesn't give as many values as the data wants."""
    layer: Layer | None = field(default=None, compare=False)

    @property
    def takes(self) -> tuple[int, ...] | None:
        """Shape of a sample that comes."""
        return None if self.coming is None else self.coming.shape

    @property
    def gives(self) -> tuple[int, ...] | None:
        """Shape of what it makes of that."""
        return None if self.left is None else self.left.shape


def outline(layers: Sequence[LayerPart], flow: Flow | None, outputs: int) -> list[Line]:
    """Follow a sample through a stack.

    Parameters
    ----------
    layers : sequence of LayerPart
        In order.
    flow : Flow or None
        What goes in; None where nobody knows, so that only settings and names are looked at.
    outputs : int
        How many values are to come out.

    Returns
    -------
    list of Line
        One a layer, and one of the output where it is added. Behind a layer that doesn't fit shapes aren't known.

    Examples
    --------
    >>> parts = [LayerPart(type="flatten"), LayerPart(type="dense", config={"units": 8})]
    >>> [line.gives for line in outline(parts, Flow((1, 8, 8)), 10)]
    [(64,), (8,), (10,)]
    """
    lines: list[Line] = []
    coming = flow
    names = called(layers)
    # To look a name up means to look at the folder of plug-ins: once a type is often enough.
    kinds = cache(partial(registry.find, "layers"))
    for number, (layer, name) in enumerate(zip(layers, names, strict=True)):
        line = _line(layer, name, coming, outputs, kinds)
        if name in names[:number]:
            twice = Problem(("name",), f"Another layer is called '{name}', too.")
            line = replace(line, left=None, problems=(twice, *line.problems))
        lines.append(line)
        coming = line.left
    if coming is not None and (coming.tokens or coming.shape != (outputs,)):
        free = next(name for name in map(_numbered, count(1)) if name not in names)
        lines.append(replace(_line(LayerPart(type=OUTPUT), free, coming, outputs, kinds), added=True))
    return lines


def _numbered(number: int) -> str:
    return OUTPUT if number == 1 else f"{OUTPUT}{number}"


def _line(part: LayerPart, name: str, coming: Flow | None, outputs: int, kinds: Callable[[str], Any]) -> Line:
    line = Line(name, part.type, coming)
    try:
        line = replace(line, layer=(layer := made_of(kinds(part.type), part, outputs, "")))
        return line if coming is None else replace(line, left=layer.gives(coming), parameters=layer.parameters(coming))
    except (ConfigurationError, MissingPackageError) as error:
        return replace(line, problems=tuple(error.problems or (Problem((), str(error)),)))
    except MisfitError as misfit:
        return replace(line, layer=None, problems=(Problem((), f"{misfit}."),))
