"""Settings of what is done for a run that nobody looks at: telling of its end, and trying again."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator

from dltrainer_jupyter.core.errors import brief
from dltrainer_jupyter.core.frozen import Frozen
from dltrainer_jupyter.core.secrets import MASK

End = Literal["completed", "stopped", "suspended", "failed", "lost"]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class NotifySpec(Frozen):
    """Who is told how a run ended. The URL is a secret: it is shown to nobody, and kept in a file beside the run."""

    webhook: SecretStr = Field(
        description="Address that a JSON description of the end is posted to, as Slack, Mattermost or Discord give it."
    )
    on: Annotated[tuple[End, ...], BeforeValidator(_listed)] = Field(
        default=("completed", "failed", "lost"), description="Ends that are told of."
    )

    @field_validator("webhook")
    @classmethod
    def _webhook_is_an_address(cls, webhook: SecretStr) -> SecretStr:
        if (address := webhook.get_secret_value()) != MASK and not _is_web_address(address):
            msg = "expected an address such as https://HOST/PATH, got something else, which isn't shown here"
            raise ValueError(msg)
        return webhook


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return usable and address.isascii() and address.isprintable() and " " not in address


class RetrySpec(Frozen):
    """When a trainer that failed tries again from its last checkpoint."""

    times: int = Field(default=3, ge=0, le=1000, description="Tries after one another; 0 to fail at once.")
    wait_seconds: float = Field(
        default=5.0, ge=0, le=86_400, description="Wait before the first; twice as long before each further one."
    )
    on: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=("store", "data"),
        description=(
            "Faults after which it does: store and data (out of reach), memory (not enough of it), or names of error "
            "classes such as ConnectionError."
        ),
    )

    @field_validator("on")
    @classmethod
    def _on_are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not name.isidentifier():
                msg = f"expected store, data, memory or the name of an error class, got {brief(name)}"
                raise ValueError(msg)
        return names
