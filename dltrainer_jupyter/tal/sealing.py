"""Checking the parts of a specification, and making secrets of its trackers' tokens.

Which of a tracker's settings are secrets is known to its class alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from pydantic import BaseModel, SecretStr

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.secrets import sealed
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.loop.checking import check_parts
from dltrainer_jupyter.loop.presets import with_presets
from dltrainer_jupyter.tal.measuring import histograms_wanted, with_histograms


def checked(spec: RunSpec) -> RunSpec:
    """Look up every part and check its settings; builds nothing and imports no framework.

    Returns
    -------
    RunSpec
        The specification, in which presets are written out, secrets of trackers masked wherever it is shown, and
        histograms on if a tracker asks for them.

    Raises
    ------
    ConfigurationError
        Names the first key that is wrong; its ``problems`` are all of them.
    """
    check_parts(spec)
    spec = with_presets(spec)
    _refuse_twins(spec)
    settled = with_histograms(spec, wanted=histograms_wanted(spec))
    return with_secrets_sealed(settled, secret_keys(spec))


def _refuse_twins(spec: RunSpec) -> None:
    """Refuse a tracker that stands there twice with the same settings: the run would be at the same place twice."""
    seen: list[tuple[str, BaseModel]] = []
    for number, part in enumerate(spec.track, 1):
        one = part.type, registry.find("trackers", part.type).Config.model_validate(part.config)
        if one in seen:
            msg = (
                f"track: '{part.type}' stands there twice with the same settings (numbers {seen.index(one) + 1} and "
                f"{number}): leave one out, or give it settings of its own, such as another place."
            )
            raise ConfigurationError(msg)
        seen.append(one)


def secret_keys(spec: RunSpec) -> list[list[str]]:
    """Name the settings of each tracker that nobody may see, by dotted key."""
    return [_secret_keys(registry.find("trackers", part.type).Config) if part.config else [] for part in spec.track]


def with_secrets_sealed(spec: RunSpec, keys: Sequence[Sequence[str]]) -> RunSpec:
    """Make secrets of some settings of the trackers.

    Parameters
    ----------
    spec : RunSpec
        As somebody wrote it.
    keys : sequence of sequence of str
        For each tracker what :func:`secret_keys` gave.
    """
    if not any(keys):
        return spec
    track = [
        part.model_copy(update={"config": sealed(part.config, its)}) for part, its in zip(spec.track, keys, strict=True)
    ]
    return spec.model_copy(update={"track": tuple(track)})


def _secret_keys(settings: type[BaseModel]) -> list[str]:
    found = []
    for name, field in settings.model_fields.items():
        for kind in _kinds(field.annotation):
            if kind is SecretStr:
                found.append(name)
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                found += [f"{name}.{key}" for key in _secret_keys(kind)]
    return found


def _kinds(annotation: Any) -> list[Any]:
    """List the types that an annotation is made of."""
    return [annotation, *(kind for argument in get_args(annotation) for kind in _kinds(argument))]
