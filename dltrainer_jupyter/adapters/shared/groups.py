"""Which parameters learn how: the groups of a specification, told by the names of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, did_you_mean, nearest
from dltrainer_jupyter.core.parameter_groups import ParameterGroup
from dltrainer_jupyter.core.spec import Part, RunSpec

__all__ = ["Groups", "ParameterGroup"]

_SHOWN = 5


class Groups:
    """Sorts the parameters of a run's nets into groups; the first pattern that matches a name decides.

    Each framework calls parameters as its checkpoints do, without the name of the net. Names of batch statistics are
    matched, too: they say whether a layer is frozen whole.

    Parameters
    ----------
    spec : RunSpec
        Its groups.
    """

    def __init__(self, spec: RunSpec) -> None:
        self._groups = spec.parameter_groups
        self._recipe = str(spec.recipe)
        self._used: set[int] = set()
        self._names: dict[str, int | None] = {}

    def __bool__(self) -> bool:
        return bool(self._groups)

    def look_at(self, names: Iterable[str]) -> None:
        """Take in the names of a net: of its parameters, and of the statistics of its layers."""
        for name in names:
            found = next((at for at, it in enumerate(self._groups) if fnmatchcase(name, it.match)), None)
            self._names[name] = found
            if found is not None:
                self._used.add(found)

    def of(self, name: str) -> ParameterGroup | None:
        """Give the group of a parameter that was looked at; None for one that is like most."""
        place = self._names.get(name)
        return None if place is None else self._groups[place]

    def freezes(self, name: str) -> bool:
        """Say whether a parameter stays as it is."""
        group = self.of(name)
        return group is not None and group.freeze

    @property
    def only_freezes(self) -> bool:
        """Whether nothing is asked for but to leave parameters as they are."""
        return all(it.lr_multiplier == 1 and it.weight_decay is None for it in self._groups)

    def check(self) -> None:
        """Raise if a group matches nothing, once every net has been looked at.

        Raises
        ------
        ConfigurationError
            Names the pattern, and what comes near.
        """
        if self._groups and not self._names:
            msg = (
                f"parameter_groups: the recipe '{self._recipe}' makes its optimizers itself, and can't be told which "
                "parameters they get; freeze and group them there."
            )
            raise ConfigurationError(msg)
        for place, group in enumerate(self._groups):
            if place not in self._used:
                raise ConfigurationError(self._unused(place, group.match))

    def _unused(self, place: int, pattern: str) -> str:
        taken = sorted(name for name in self._names if fnmatchcase(name, pattern))
        if taken:
            earlier = self._groups[self._names[taken[0]] or 0].match
            return (
                f"parameter_groups.{place}.match: '{pattern}' matches only what '{earlier}' takes before it; the first "
                "match decides, so put the narrower pattern first."
            )
        names = list(self._names)
        layers = {name.rpartition(".")[0] for name in names} | {name.partition(".")[0] for name in names}
        # Whoever names a layer means what is in it.
        within = f"{pattern.rstrip('.*')}.*"
        if any(fnmatchcase(name, within) for name in names):
            return f"parameter_groups.{place}.match: no parameter is called '{pattern}'. Did you mean '{within}'?"
        near = nearest(pattern.rstrip(".*"), sorted(layers - {""}))
        hint = f" Did you mean '{near}.*'?" if near else did_you_mean(pattern, names)
        some = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        return f"parameter_groups.{place}.match: '{pattern}' matches no parameter.{hint} There are {some}."


def refuse_own_optimizer(groups: Groups, what: str) -> None:
    """Raise if groups want more of the user's own optimizer than to leave parameters out.

    Raises
    ------
    ConfigurationError
        Says where to set it.
    """
    if not groups.only_freezes:
        msg = f"parameter_groups: lr_multiplier and weight_decay go with an optimizer by name; {what}."
        raise ConfigurationError(msg)


def with_weight_decay(part: Part, weight_decay: float | None, framework: str) -> Part:
    """Give an optimizer by name with a group's weight decay, or as it is for None.

    Raises
    ------
    ConfigurationError
        If it has none.
    """
    if weight_decay is None:
        return part
    if "weight_decay" not in registry.find("optimizers", part.type, framework).Config.model_fields:
        msg = f"parameter_groups: the optimizer '{part.type}' has no weight_decay that a group could have its own of."
        raise ConfigurationError(msg)
    return part.model_copy(update={"config": part.config | {"weight_decay": weight_decay}})


def sorted_apart(names: Sequence[str], groups: Groups) -> dict[ParameterGroup | None, list[int]]:
    """Give the places of parameters by their group, those like most first."""
    found: dict[ParameterGroup | None, list[int]] = {None: []}
    for place, name in enumerate(names):
        found.setdefault(groups.of(name), []).append(place)
    return {group: places for group, places in found.items() if places}
