"""What is held back of the data, and how the rest is divided."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StrictBool, field_validator, model_validator

from dltrainer_jupyter.core.frozen import Frozen
from dltrainer_jupyter.core.live import Live
from dltrainer_jupyter.core.places import without_secrets
from dltrainer_jupyter.core.schema import setting

HANDED_OVER = "(handed over)"
"""What stands in the place of groups that are an array."""


class ValidationSpec(Frozen):
    """How much is held back, and how often the model is checked on it."""

    split: float = Field(default=0.2, gt=0, lt=1, description="Share of the samples held back for validation.")
    stratify: StrictBool | str | None = setting(
        default=None,
        description="Divide each class alike: true or false, or a column whose values are divided alike; by default "
        "where classes can be.",
        advanced=True,
    )
    groups: str | None = setting(
        default=None,
        min_length=1,
        description="Column of groups, such as patients, each of which is wholly trained on or wholly held back; from "
        "Python an array, too.",
        advanced=True,
    )
    column: str | None = setting(
        default=None,
        min_length=1,
        description="Column that says of each row whether it is train, validation or test.",
        advanced=True,
    )
    folds: int | None = setting(
        default=None,
        ge=2,
        le=1000,
        description="Hold back one of so many equal parts instead of a share.",
        advanced=True,
    )
    fold: int = setting(default=0, ge=0, description="Which of the folds is held back, counted from 0.", advanced=True)
    train: str | None = setting(
        default=None,
        min_length=1,
        description="File or folder to train on, in the data's folder or anywhere.",
        advanced=True,
    )
    validation: str | None = setting(
        default=None,
        min_length=1,
        description="File or folder to validate on; nothing else is held back then.",
        advanced=True,
    )
    interval: Annotated[int, Live()] = Field(default=1, ge=1, description="Validate after every so many epochs.")
    examples: int = setting(
        default=5000,
        ge=0,
        le=100_000,
        description="Examples whose predictions are kept of each validation: all, or so many drawn once; 0 for none.",
        advanced=True,
    )

    @field_validator("train", "validation")
    @classmethod
    def _place_is_no_secret(cls, place: str | None) -> str | None:
        return None if place is None else without_secrets(place)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.fold >= (self.folds or 1):
            msg = (
                f"expected a fold below {self.folds}, counted from 0, got {self.fold}"
                if self.folds
                else (f"expected folds beside fold, such as {{folds: 5, fold: {self.fold}}}")
            )
            raise ValueError(msg)
        given = [key for key in ("column", "validation") if getattr(self, key) is not None]
        asked = [key for key in ("stratify", "groups", "folds") if getattr(self, key) is not None]
        if given and asked:
            msg = f"expected either {given[0]}, which says what is held back, or {asked[0]}, which decides it"
            raise ValueError(msg)
        if len(given) > 1:
            msg = "expected either column or validation, as both say what is held back"
            raise ValueError(msg)
        if self.train is not None and self.validation is None:
            msg = "expected validation beside train: the file or folder to validate on"
            raise ValueError(msg)
        return self

    @property
    def divides(self) -> tuple[str, ...]:
        """Settings that decide what is held back in another way than by a plain share."""
        keys = ("stratify", "groups", "column", "folds", "validation")
        return tuple(key for key in keys if getattr(self, key) is not None)
