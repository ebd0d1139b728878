"""Settings that files of tables have in common."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator

from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.data.files.laziness import Laziness, lazy_setting
from dltrainer_jupyter.data.files.places import Place


def _one_or_many(value: Any) -> Any:
    values = [value] if isinstance(value, str | int) else value
    # Columns without names are numbered, and a number is what people write.
    numbered = isinstance(values, list | tuple)
    return tuple(str(it) if type(it) is int else it for it in values) if numbered else values


Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
"""Names of columns; a single one may stand alone."""


class TableSettings(BaseModel, frozen=True, extra="forbid"):
    """What files of tables have in common."""

    path: Place = setting(
        description="The file: a path, or a URL such as s3://BUCKET/FILE or https://….", examples=["FILE"]
    )
    target: Names = setting(
        description="Column that is learnt; several for several numbers.", min_length=1, examples=["COLUMN"]
    )
    features: Names = setting((), description="Columns to learn from; all others if left out.", group="columns")
    drop: Names = setting((), description="Columns to leave out.", group="columns")
    missing: Literal["refuse", "drop", "mean"] = setting(
        "refuse",
        description="Where a value is missing: refuse the file, drop the row, or put in the training mean (numbers).",
        group="columns",
    )
    text: Literal["one_hot", "refuse"] = setting(
        "one_hot", description="Columns of text become a column for each category, or are refused.", group="columns"
    )
    most_categories: int = setting(
        100, ge=2, le=10_000, description="Most categories of a column of text.", group="columns", advanced=True
    )
    standardize: bool = setting(
        default=True, description="Subtract each column's training mean and divide by its training deviation."
    )
    lazy: Laziness = lazy_setting()
