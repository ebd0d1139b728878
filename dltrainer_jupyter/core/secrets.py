"""Settings that nobody may see.

In a specification they are pydantic's ``SecretStr``, which writes :data:`MASK` wherever it is shown or written. The
value itself goes from who submits a run to who trains it by a file that only they can read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

MASK = "**********"
"""Stands for a secret wherever it is shown."""


def secrets_of(settings: Any, where: str = "") -> dict[str, str]:
    """Find secrets in settings.

    Parameters
    ----------
    settings : pydantic.BaseModel, mapping or sequence
        Where to look, nested settings included.
    where : str, default ""
        Beginning of their keys.

    Returns
    -------
    dict of str to str
        By dotted key, with numbers for places in a list; :data:`MASK` where only that has come along.

    Examples
    --------
    >>> from dltrainer_jupyter.core.supervision import NotifySpec
    >>> secrets_of(NotifySpec(webhook="https://example.org/x"))
    {'webhook': 'https://example.org/x'}
    """
    if isinstance(settings, SecretStr):
        return {where.removesuffix("."): settings.get_secret_value()}
    inner: Any = ()
    if isinstance(settings, BaseModel):
        # The settings of a part stand beside its type, as people write them.
        inner = [("" if name == "config" else f"{name}.", value) for name, value in settings]
    elif isinstance(settings, Mapping):
        inner = [(f"{name}.", value) for name, value in settings.items()]
    elif isinstance(settings, list | tuple):
        inner = [(f"{place}.", value) for place, value in enumerate(settings)]
    found: dict[str, str] = {}
    for name, value in inner:
        found |= secrets_of(value, where + name)
    return found


def sealed(settings: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    """Make secrets of some settings, which are shown masked from then on.

    Parameters
    ----------
    settings : mapping
        As somebody wrote them.
    keys : collection of str
        Dotted keys of those that nobody may see; what isn't there is left out.

    Examples
    --------
    >>> sealed({"uri": "http://localhost", "token": "abc"}, ["token"])
    {'uri': 'http://localhost', 'token': SecretStr('**********')}
    """
    whole = dict(settings)
    for key in keys:
        first, _, rest = key.partition(".")
        if first in whole:
            whole[first] = _sealed(whole[first], rest)
    return whole


def _sealed(value: Any, key: str) -> Any:
    """Make secrets of what is at a key below a value, or of all text in it; of each in a list."""
    if isinstance(value, list | tuple):
        return [_sealed(item, key) for item in value]
    if isinstance(value, Mapping):
        return sealed(value, [key]) if key else {name: _sealed(item, "") for name, item in value.items()}
    return SecretStr(value) if isinstance(value, str) and not key else value


def unmasked(dumped: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Put secrets back into settings as plain data.

    Parameters
    ----------
    dumped : mapping
        What ``model_dump`` gave.
    secrets : mapping of str to str
        By dotted key; those of settings that aren't there are left out.

    Examples
    --------
    >>> unmasked({"notify": {"webhook": MASK}}, {"notify.webhook": "https://example.org/x"})
    {'notify': {'webhook': 'https://example.org/x'}}
    """
    whole = dict(dumped)
    for key, secret in secrets.items():
        _put(whole, key, secret)
    return whole


def _put(settings: dict[str, Any] | list[Any], key: str, secret: str) -> None:
    first, _, rest = key.partition(".")
    place: Any = first
    if isinstance(settings, list):
        place = int(first) if first.isdecimal() and int(first) < len(settings) else None
    value = settings.get(first) if isinstance(settings, dict) else None if place is None else settings[place]
    if rest and isinstance(value, Mapping | list):
        # What was given isn't changed.
        settings[place] = copy = dict(value) if isinstance(value, Mapping) else list(value)
        _put(copy, rest, secret)
    elif not rest and value == MASK:
        settings[place] = secret
