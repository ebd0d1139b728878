"""Settings that nobody may see.

In a specification they are pydantic's ``SecretStr``, which writes :data:`MASK` wherever it is shown or written. The
value itself goes from who submits a run to who trains it by a file that only they can read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

MASK = "**********"
"""Stands for a secret wherever it is shown."""


def secrets_of(settings: BaseModel, where: str = "") -> dict[str, str]:
    """Find secrets in settings.

    Parameters
    ----------
    settings : pydantic.BaseModel
        Where to look, nested settings included.
    where : str, default ""
        Beginning of their keys.

    Returns
    -------
    dict of str to str
        By dotted key; :data:`MASK` where only that has come along.

    Examples
    --------
    >>> from dltrainer_jupyter.core.supervision import NotifySpec
    >>> secrets_of(NotifySpec(webhook="https://example.org/x"))
    {'webhook': 'https://example.org/x'}
    """
    found: dict[str, str] = {}
    for name, value in settings:
        if isinstance(value, SecretStr):
            found[where + name] = value.get_secret_value()
        elif isinstance(value, BaseModel):
            found |= secrets_of(value, f"{where}{name}.")
    return found


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
        first, _, rest = key.partition(".")
        if rest and isinstance(whole.get(first), Mapping):
            whole[first] = unmasked(whole[first], {rest: secret})
        elif not rest and whole.get(first) == MASK:
            whole[first] = secret
    return whole
