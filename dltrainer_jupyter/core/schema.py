"""How a part's settings are declared, so that checks, completion, documents and forms can all be read from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

if TYPE_CHECKING:
    from pydantic.config import JsonDict


def setting(
    default: Any = ...,
    *,
    description: str,
    step: float | None = None,
    group: str | None = None,
    advanced: bool = False,
    **constraints: Any,
) -> Any:
    """Declare a setting of a part's ``Config``: a pydantic field that also says how a form shows it.

    Parameters
    ----------
    default : object, optional
        What holds if nobody says anything; a setting without one is required.
    description : str
        What it does, in one sentence.
    step : float, optional
        By how much a form's arrows change a number.
    group : str, optional
        Heading under which a form shows it.
    advanced : bool, default False
        Whether few people ever change it, so that forms fold it away.
    **constraints : object
        What ``pydantic.Field`` takes besides: ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ``default_factory`` …

    Returns
    -------
    pydantic.fields.FieldInfo
        What ``pydantic.Field`` gives; ``step``, ``group`` and ``advanced`` stand in the JSON schema where given.

    Examples
    --------
    >>> from pydantic import BaseModel
    >>> class Config(BaseModel):
    ...     rate: float = setting(0.1, description="Share that is dropped.", ge=0, lt=1, step=0.05, group="regularity")
    >>> Config.model_json_schema()["properties"]["rate"]["group"]
    'regularity'
    """
    shown: JsonDict = {"step": step, "group": group, "advanced": advanced or None}
    extra: JsonDict = {key: value for key, value in shown.items() if value is not None}
    return Field(default, description=description, json_schema_extra=extra or None, **constraints)
