"""What all groups of settings have in common."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, field_validator


class Frozen(BaseModel):
    """Settings that can't be changed, and take no others beside them."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        # Python takes True for 1, and YAML takes "yes" for True.
        wanted = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and {*(get_args(wanted) or (wanted,))} <= {int, float, type(None)}:
            msg = f"expected a number, got {str(value).lower()}"
            raise ValueError(msg)
        return value


def short(key: str, kind: type = float) -> BeforeValidator:
    """Let a plain value stand for a mapping with one key.

    Parameters
    ----------
    key : str
        The key it is the value of.
    kind : {float, str}
        Whether it is a number or text.
    """
    kinds = (int, float) if kind is float else (kind,)

    def spell_out(value: Any) -> Any:
        return {key: value} if isinstance(value, kinds) and not isinstance(value, bool) else value

    return BeforeValidator(spell_out)
