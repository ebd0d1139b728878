"""Several losses and regularizations as one: what is minimised where it is more than one loss of outputs and targets.

Everything is computed on the device, inside the step that the framework may compile: each term's value, whether a term
counts, and their sum. A framework's :class:`Tools` listen to its layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from dltrainer_jupyter.adapters.shared.composing_tools import Tools
from dltrainer_jupyter.adapters.shared.layer_names import Point, matching, points_of
from dltrainer_jupyter.adapters.shared.own_terms import Wants, instance_of, off_of, wants
from dltrainer_jupyter.core.choosing import chosen, refuse_several, target_of
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.parameters import needed
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.terms import NamedTerm, shown_names, terms_of, without_term

Call = Callable[[Any, Any], Any]
"""Calls a net on inputs."""


class Composed(NamedTuple):
    """What a pass over a batch gives besides the loss."""

    outputs: Any
    terms: dict[str, Any]
    """The value of each term that has a series, 0 where it was off; times its weight they add up to the loss."""
    noted: dict[str, Any]
    """What metrics are computed on besides outputs, by the layer's name."""


@dataclass(frozen=True)
class _Term:
    named: NamedTerm
    compute: Callable[..., Any]
    takes: str
    weight: float
    match: str = "*"
    off: Callable[[Any, Any, Any], Any] | None = None

    @property
    def on(self) -> str | None:
        return self.named.settings.on


class _Seen(NamedTuple):
    """One pass over a batch."""

    net: Any
    inputs: Any
    outputs: Any
    targets: Any
    points: Mapping[str, list[Point]]
    heard: Mapping[str, Sequence[Any]]


class Composition:
    """Computes what is minimised.

    Parameters
    ----------
    spec : RunSpec
        Its ``loss`` and ``regularization`` are the terms; metrics may want layers' results noted.
    objects : mapping
        The user's own, by key.
    tools : Tools
        The framework's.
    targets : sequence of str or int, optional
        Names of several targets.
    """

    def __init__(
        self, spec: RunSpec, objects: Mapping[str, Any], tools: Tools, targets: Sequence[str | int] = ()
    ) -> None:
        self._tools = tools
        self._shown = shown_names(spec, targets)
        self._places = [(part, without_term(part, "metrics")[1]) for part in spec.metrics]
        self._noted = {place.on: f"metrics '{part}'" for part, place in self._places if place.on is not None}
        own = {key: iter(_listed(objects.get(key))) for key in ("loss", "regularization")}
        self._terms = [self._made(named, own) for named in terms_of(spec, targets)]
        self._points: dict[str, list[Point]] = {}
        self._matched: dict[str, list[str]] = {}
        self._of: Any = None

    def _made(self, named: NamedTerm, own: Mapping[str, Iterator[Any]]) -> _Term:
        weight = named.settings.weight
        if named.part is not None and named.part.is_user_object:
            given = instance_of(next(own[named.key]), named.where)
            return self._of_own(named, given, 1.0 if weight is None else weight)
        if named.key == "loss":
            return _Term(named, self._tools.loss(named), "outputs", 1.0 if weight is None else weight)
        part = self._tools.named(named)
        match = getattr(getattr(part, "config", None), "match", "*")
        weight = getattr(part, "weight", 1.0) if weight is None else weight
        return _Term(named, part.build(), getattr(part, "takes", "outputs"), weight, match, off_of(part))

    def _of_own(self, named: NamedTerm, given: Any, weight: float) -> _Term:
        wanted: Wants = wants(given)
        compute = given
        if wanted == "outputs" and named.key == "loss":
            compute = self._tools.own_loss(given, named.name)
        elif wanted != "model":
            compute = self._tools.own(given, named.name)
        return _Term(named, compute, wanted, weight, off=None if named.key == "loss" else off_of(given))

    def begin(self, model: Any) -> None:
        """Receive the model once it is built: what factories make of it is kept where it stays the same object."""
        if self._tools.keeps:
            self._terms = [self._with_model(term, model) for term in self._terms]

    def _with_model(self, term: _Term, model: Any) -> _Term:
        """Let a factory have the model; a function of it that gives a number is asked again in each step."""
        if term.takes != "model":
            return term
        made = term.compute(self._tools.plain(model))
        if not callable(made):
            return term
        again = self._of_own(term.named, instance_of(made, term.named.where), term.weight)
        if again.takes == "model":
            msg = f"{term.named.where}: what it makes of the model takes the model again; expected outputs and targets."
            raise ConfigurationError(msg)
        return replace(again, off=again.off or term.off)

    def __call__(self, net: Any, inputs: Any, targets: Any, call: Call) -> tuple[Any, Composed]:
        """Compute the loss of a batch.

        Parameters
        ----------
        net : object
            As the recipe has it.
        inputs, targets : structure of tensors
            Of the batch.
        call : callable
            Calls the net on the inputs.
        """
        points = self._listened(net)
        if points:
            # Once each, however many ask for it.
            listened = {point.name: point for found in points.values() for point in found}
            with self._tools.listening(listened.values()) as heard:
                outputs = call(net, inputs)
        else:
            outputs, heard = call(net, inputs), {}
        seen = _Seen(net, inputs, outputs, targets, points, heard)
        loss, terms = self._sum(seen)
        noted = {on: self._one(on, where, seen) for on, where in self._noted.items()}
        return loss, Composed(outputs, terms, noted)

    def of_outputs(self, outputs: Any, targets: Any) -> Any:
        """Compute the loss by outputs and targets alone, for a recipe that asks for no more.

        Raises
        ------
        ConfigurationError
            If a term needs the model.
        """
        for term in self._terms:
            if term.takes in {"model", "parameters"} or term.on is not None:
                msg = f"{term.named.where}: it needs the model, and this recipe asks for a loss of outputs and targets."
                raise ConfigurationError(msg)
        return self._sum(_Seen(None, None, outputs, targets, {}, {}))[0]

    def _sum(self, seen: _Seen) -> tuple[Any, dict[str, Any]]:
        """Add up losses, then what regularizes; give the values by name as well."""
        losses = [term for term in self._terms if term.named.key == "loss"]
        values = {term.named.name: self._value(term, seen) for term in losses}
        # What weighs nothing is only watched: times 0 a value that is no number would spoil the sum.
        counting = [term for term in losses if term.weight] or losses
        main = _added(_weighted(values[term.named.name], term.weight) for term in counting)
        total = main
        for term in self._terms[len(losses) :]:
            value = self._value(term, seen)
            for off in self._switches(term, main, seen):
                value = self._tools.unless(off, value)
            values[term.named.name] = value
            if term.weight:
                total = total + _weighted(value, term.weight)
        return total, {name: values[name] for name in self._shown}

    def _switches(self, term: _Term, main: Any, seen: _Seen) -> Iterator[Any]:
        """Say, on the device, whether a term is off."""
        if (bound := term.named.off_below) is not None:
            yield main < bound
        if term.off is not None:
            yield term.off(main, seen.outputs, seen.targets)

    def _value(self, term: _Term, seen: _Seen) -> Any:
        if term.takes == "model" and callable(made := term.compute(self._tools.plain(seen.net))):
            # Where a net is another object in each trace, so is what a factory makes of it.
            term = self._of_own(term.named, instance_of(made, term.named.where), term.weight)
            value = self._of_values(term, seen)
        elif term.takes == "model":
            value = made
        elif term.takes == "parameters":
            value = term.compute(self._matching(term, seen.net))
        else:
            value = self._of_values(term, seen)
        return self._tools.number(value, term.named.where)

    def _matching(self, term: _Term, net: Any) -> dict[str, Any]:
        """Choose parameters; their names are found out once, since a compiler needn't go through patterns."""
        there = self._tools.parameters(net)
        if term.named.name not in self._matched:
            self._matched[term.named.name] = list(matching(there, term.match, term.named.where))
        return {name: there[name] for name in self._matched[term.named.name]}

    def _of_values(self, term: _Term, seen: _Seen) -> Any:
        """Compute on outputs, or on what each of the layers gave, and add that up."""
        settings, where = term.named.settings, term.named.where
        given = [seen.outputs] if term.on is None else self._given(term.on, where, seen)
        values = [chosen(value, settings.output, where) for value in given]
        own = term.named.part is not None and term.named.part.is_user_object
        if not own:
            for value in values:
                refuse_several(value, where, "output")
        if term.takes == "value":
            return _added(term.compute(value) for value in values)
        targets = target_of(seen.targets, settings.output if term.on is None else None, settings.target, where)
        if not own:
            refuse_several(targets, where, "target")
        return _added(term.compute(value, targets) for value in values)

    # --- layers -----------------------------------------------------------------------------------------

    def _listened(self, net: Any) -> Mapping[str, list[Point]]:
        """Find the layers that are listened to, by how they are asked for."""
        if self._tools.keeps and self._of is net:
            return self._points
        asked = {term.on: term.named.where for term in self._terms if term.on is not None} | self._noted
        layers = self._tools.layers(net) if asked else {}
        self._points = {on: points_of(on, layers, self._tools.plain(net), where) for on, where in asked.items()}
        self._of = net
        return self._points

    def _given(self, on: str, where: str, seen: _Seen) -> list[Any]:
        """Give what was heard, each result once; a method that the model didn't call is called now."""
        found: list[Any] = []
        for point in seen.points[on]:
            heard = seen.heard.get(point.name, ())
            if not heard and point.method is not None:
                method = getattr(point.owner, point.method)
                heard = [method() if not needed(method) else method(seen.inputs)]
            for value in heard:
                if all(value is not other for other in found):
                    found.append(value)
        if not found:
            names = ", ".join(point.name for point in seen.points[on])
            msg = f"{where}: the model doesn't call {names}, so there is no result."
            raise ConfigurationError(msg)
        return found

    def _one(self, on: str, where: str, seen: _Seen) -> Any:
        found = self._given(on, where, seen)
        if len(found) > 1:
            msg = f"{where}: '{on}' has {len(found)} results in a pass, expected one; name one layer."
            raise ConfigurationError(msg)
        return found[0]


def _listed(given: Any) -> list[Any]:
    return [] if given is None else given if isinstance(given, list) else [given]


def _added(values: Iterable[Any]) -> Any:
    first, *others = values
    for value in others:
        first = first + value
    return first


def _weighted(value: Any, weight: float) -> Any:
    """Multiply a value by its weight; by one it stays what it is to the bit."""
    return value if weight == 1 else value * weight
