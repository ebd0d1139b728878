"""What all groups of settings have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


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


@dataclass(frozen=True)
class Short:
    """Lets a plain value stand for a mapping with one key, and says so in the JSON schema: ``short`` is the key."""

    key: str
    kinds: tuple[type, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.spell_out, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "short": self.key}

    def spell_out(self, value: Any) -> Any:
        """Write a plain value as the mapping it stands for."""
        return {self.key: value} if isinstance(value, self.kinds) and not isinstance(value, bool) else value


def short(key: str, kind: type = float) -> Short:
    """Let a plain value stand for a mapping with one key.

    Parameters
    ----------
    key : str
        The key it is the value of.
    kind : {float, str}
        Whether it is a number or text.
    """
    return Short(key, (int, float) if kind is float else (kind,))
