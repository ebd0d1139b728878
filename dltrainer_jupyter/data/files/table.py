"""From a table of a file to samples: which columns, what is missing, what is text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.schema import setting
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Known, Raw, assemble
from dltrainer_jupyter.data.files.fetching import local_file
from dltrainer_jupyter.data.files.places import Place, given_places
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.measured import measured
from dltrainer_jupyter.data.steps import Columns, RawInput, Standardize, Step

if TYPE_CHECKING:
    import pandas as pd

    from dltrainer_jupyter.core.protocols import Array

HEAD = 2000
"""Rows that are looked at before a run starts."""
_MOSTLY = 0.5
"""Share of numbers from which on a column of text is taken for one of numbers with something else among them."""


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
"""Names of columns; a single one may stand alone."""


class TableSettings(BaseModel, frozen=True, extra="forbid"):
    """What files of tables have in common."""

    path: Place = setting(description="The file: a path, or a URL such as s3://BUCKET/FILE or https://….")
    target: Names = setting(description="Column that is learnt; several for several numbers.", min_length=1)
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


@dataclass(frozen=True)
class _Plan:
    """Which columns serve for what."""

    features: tuple[str, ...]
    targets: tuple[str, ...]
    aside: tuple[str, ...]
    """Those that decide how rows are divided."""

    @property
    def all(self) -> list[str]:
        return list(dict.fromkeys((*self.features, *self.targets, *self.aside)))


class TableFile(ABC):
    """A table in a file.

    Parameters
    ----------
    config : TableSettings
        Settings.
    """

    task: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    config: Any

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def _names(self, path: Path) -> list[str]:
        """Read the names of the columns."""

    @abstractmethod
    def _read(self, path: Path, columns: Sequence[str], rows: int | None) -> pd.DataFrame:
        """Read columns, of the first rows or of all, whose memory was asked for before."""

    def look(self, spec: RunSpec) -> None:
        """Look at the first rows of a file of this machine, before anything starts.

        Raises
        ------
        ConfigurationError
            If they can't be trained on.
        """
        place, other = given_places(spec, self.config.path)
        plan = None
        for it in (place, other):
            if it is None or is_remote(it):
                continue
            path = local_file(it)
            plan = plan or self._plan(spec, self._names(path))
            frame = self._whole(self._read(path, self._there(plan, path), HEAD), path.name)
            self._texts(frame, plan)

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:
        """Read, divide and prepare.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            ``groups``, if they were handed over.

        Returns
        -------
        Dataset
        """
        place, other = given_places(spec, self.config.path)
        path = local_file(place, say=spec.verbose)
        plan = self._plan(spec, self._names(path))
        notices: list[str] = []
        frame, kept = self._kept(self._read(path, self._there(plan, path), None), path.name, notices)
        beside = None
        if other is not None:
            second = local_file(other, "validation.validation", say=spec.verbose)
            beside, _ = self._kept(self._read(second, self._there(plan, second), None), second.name, notices)
        ready = measured()
        texts = self._texts(frame, plan) if ready is None else _trained_texts(ready.signature.preprocessing)
        fills = self.config.missing == "mean" if ready is None else bool(texts)
        steps: list[Step] = (
            [Columns(plan.features, texts, self.config.missing == "mean")]
            if texts or fills
            else [RawInput(((len(plan.features),),), "float32")]
        )
        if self.config.standardize:
            steps.append(Standardize())
        groups = objects.get("groups")
        known = Known(
            columns={name: frame[name].to_numpy() for name in plan.all},
            groups=None if groups is None else to_host(groups, "validation.groups")[kept],
            has_holes=fills,
            notices=tuple(notices),
        )
        return assemble(
            spec,
            _raw(frame, plan, texts),
            steps,
            validation=None if beside is None else _raw(beside, plan, texts),
            features=plan.features,
            known=known,
        )

    def _plan(self, spec: RunSpec, names: Sequence[str]) -> _Plan:
        """Decide which columns serve for what.

        Raises
        ------
        ConfigurationError
            If one isn't there, or none is left to learn from.
        """
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"data.path: two columns of the file are called {brief(twice[0])}; give one another name."
            raise ConfigurationError(msg)
        for key in ("target", "features", "drop"):
            for name in getattr(self.config, key):
                if name not in names:
                    hint = did_you_mean(name, names)
                    msg = f"data.{key}: the file has no column {brief(name)}.{hint} Columns: {brief(list(names))}."
                    raise ConfigurationError(msg)
        targets = tuple(self.config.target)
        asked = spec.validation
        dividing = [] if asked is False else [asked.groups, asked.column]
        stratified = [asked.stratify] if asked is not False and isinstance(asked.stratify, str) else []
        # Whoever says what is held back isn't learnt from, unless it is asked for by name.
        out = {*targets, *self.config.drop, *(name for name in dividing if name)}
        chosen = tuple(self.config.features) or tuple(name for name in names if name not in out)
        if (ready := measured()) is not None:
            chosen = _trained_names(ready.signature) or chosen
        chosen = tuple(name for name in chosen if name not in targets)
        if not chosen:
            msg = "data.features: no column is left to learn from."
            raise ConfigurationError(msg)
        aside = tuple(name for name in (*dividing, *stratified) if name is not None and name in names)
        return _Plan(chosen, targets, aside)

    def _there(self, plan: _Plan, path: Path) -> list[str]:
        """Give the columns to read, all of which the file has to have."""
        names = self._names(path)
        for name in plan.all:
            if name not in names:
                msg = f"data.path: {path.name} has no column {brief(name)}.{did_you_mean(name, names)}"
                raise ConfigurationError(msg)
        return plan.all

    def _whole(self, frame: pd.DataFrame, name: str) -> pd.DataFrame:
        if frame.empty:
            msg = f"data.path: expected rows in {name}, but it has none."
            raise ConfigurationError(msg)
        lacking = frame.isna()
        targets = list(self.config.target)
        for column in frame.columns:
            count = int(lacking[column].sum())
            if count and (self.config.missing == "refuse" or (self.config.missing == "mean" and column in targets)):
                first = int(np.argmax(lacking[column].to_numpy())) + 1
                what = "label" if column in targets else "value"
                cure = "missing: drop leaves such rows out"
                cure += "" if column in targets else ", missing: mean puts in the training mean"
                msg = (
                    f"data: the column '{column}' of {name} has no {what} in {count:,} of {len(frame):,} rows (the "
                    f"first is row {first:,}; a row that is too short has none either); {cure}."
                )
                raise ConfigurationError(msg)
        return frame

    def _kept(self, frame: pd.DataFrame, name: str, notices: list[str]) -> tuple[pd.DataFrame, Array]:
        """Leave out rows with missing values, if that is asked for; say which rows stay."""
        kept: Array = np.ones(len(frame), bool)
        if self.config.missing == "drop" and len(frame):
            kept = np.asarray(~frame.isna().to_numpy().any(axis=1))
            left_out = int((~kept).sum())
            if left_out == len(frame):
                msg = f"data: every row of {name} lacks a value, so none is left (missing: drop)."
                raise ConfigurationError(msg)
            if left_out:
                notices.append(f"{left_out:,} of {len(frame):,} rows of {name} lack a value and are left out.")
                frame = frame[kept]
        return self._whole(frame, name), kept

    def _texts(self, frame: pd.DataFrame, plan: _Plan) -> tuple[str, ...]:
        """Find the columns of text among those that are learnt from.

        Raises
        ------
        ConfigurationError
            If text is refused, there are too many categories, or a column is neither text nor numbers.
        """
        import pandas as pd

        texts = []
        for name in plan.features:
            column = frame[name]
            if pd.api.types.is_bool_dtype(column) or pd.api.types.is_numeric_dtype(column):
                continue
            values = column.dropna()
            if not all(isinstance(value, str) for value in values.unique()):
                kind = type(next(iter(values.unique()))).__name__
                msg = f"data: the column '{name}' holds {kind}; expected numbers or text. Leave it out (drop)."
                raise ConfigurationError(msg)
            numbers = pd.to_numeric(values, errors="coerce")
            share = float(numbers.notna().mean()) if len(values) else 0.0
            if share > _MOSTLY:
                wrong = values[numbers.isna()]
                msg = (
                    f"data: the column '{name}' holds numbers, but {len(wrong):,} of {len(column):,} rows don't: the "
                    f"first is {brief(wrong.iloc[0])}, in row {int(wrong.index[0]) + 1:,}."
                )
                raise ConfigurationError(msg)
            count = int(values.nunique())
            if self.config.text == "refuse":
                msg = (
                    f"data: the column '{name}' holds text such as {brief(values.iloc[0])}; leave it out (drop), or "
                    "say text: one_hot."
                )
                raise ConfigurationError(msg)
            if count > self.config.most_categories:
                msg = (
                    f"data: the column '{name}' holds text with {count:,} different values, and most_categories is "
                    f"{self.config.most_categories:,}; leave it out (drop)."
                )
                raise ConfigurationError(msg)
            texts.append(name)
        return tuple(texts)


def _trained_names(signature: Any) -> tuple[str, ...]:
    """Give the columns that a model was trained on, as far as its record tells."""
    chain = signature.preprocessing
    if chain and chain[0]["type"] == Columns.type:
        return tuple(chain[0]["names"])
    return tuple((signature.raw or {}).get("features") or ())


def _trained_texts(chain: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Give what makes rows be taken as they come: the columns of a first step for them."""
    return tuple(chain[0]["names"]) if chain and chain[0]["type"] == Columns.type else ()


def _raw(frame: pd.DataFrame, plan: _Plan, texts: Sequence[str]) -> Raw:
    """Give rows as a person has them: numbers, or where there is text, Python's objects."""
    chosen = frame[list(plan.features)]
    # Numbers are kept as the model takes them: a large table lies in memory only once.
    inputs = chosen.to_numpy(object) if texts else chosen.to_numpy(np.float32)
    targets = frame[list(plan.targets)]
    values = targets.iloc[:, 0].to_numpy() if len(plan.targets) == 1 else targets.to_numpy()
    return Raw(inputs, to_host(values, "targets"))
