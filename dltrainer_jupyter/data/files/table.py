"""From a table of a file to samples: which columns, what is missing, what is text."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, brief, did_you_mean
from dltrainer_jupyter.core.places import is_remote
from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Known, Raw, assemble
from dltrainer_jupyter.data.files.bounds import refuse_too_large
from dltrainer_jupyter.data.files.columns import (
    plain,
    refuse_infinite,
    refuse_numbers_with_commas,
    rows_of,
    texts_among,
)
from dltrainer_jupyter.data.files.conversion import Wanted
from dltrainer_jupyter.data.files.converted import converted
from dltrainer_jupyter.data.files.fetching import local_file
from dltrainer_jupyter.data.files.laziness import Extent, is_lazy
from dltrainer_jupyter.data.files.places import given_places
from dltrainer_jupyter.data.files.plan import Plan
from dltrainer_jupyter.data.files.table_on_disk import ColumnsOnDisk, TableOnDisk, encoded
from dltrainer_jupyter.data.host import to_host
from dltrainer_jupyter.data.measured import measured
from dltrainer_jupyter.data.steps import Columns, RawInput, Standardize, Step
from dltrainer_jupyter.data.stored.assembly import assemble_stored

if TYPE_CHECKING:
    import pandas as pd

    from dltrainer_jupyter.core.protocols import Array

_BESIDE = "validation "
HEAD = 2000
"""Rows that are looked at before a run starts."""


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
    def _extent(self, path: Path, columns: Sequence[str]) -> Extent:
        """Tell how much there is to read, without reading it."""

    @abstractmethod
    def _read(self, path: Path, columns: Sequence[str], rows: int | None) -> pd.DataFrame:
        """Read columns, of the first rows or of all, whose memory was asked for before."""

    @abstractmethod
    def pieces(self, path: Path, columns: Sequence[str], texts: Collection[str]) -> Iterator[tuple[pd.DataFrame, int]]:
        """Read columns, some rows at a time: some of them as text, and all with the types that they seem to have.

        Beside each piece stands how much was read so far, as bytes of the file.
        """

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
            frame = plain(self._whole(self._read(path, self._there(plan, path), HEAD), path.name, plan))
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
        paths = [local_file(place, say=spec.verbose)]
        plan = self._plan(spec, self._names(paths[0]))
        if other is not None:
            paths.append(local_file(other, "validation.validation", say=spec.verbose))
        extents = [self._extent(path, self._there(plan, path)) for path in paths]
        if is_lazy(self.config.lazy, sum(extent.size for extent in extents)):
            return self._from_disk(spec, plan, list(zip(paths, extents, strict=True)), objects.get("groups"))
        for extent in extents:
            extent.refuse_too_large()
        return self._from_memory(spec, plan, paths, objects.get("groups"))

    def _from_memory(self, spec: RunSpec, plan: Plan, paths: Sequence[Path], groups: Any) -> Dataset:
        path, second = paths[0], paths[1] if len(paths) > 1 else None
        notices: list[str] = []
        frame, kept = self._kept(self._read(path, self._there(plan, path), None), path.name, plan, notices)
        beside = None
        if second is not None:
            beside, _ = self._kept(self._read(second, self._there(plan, second), None), second.name, plan, notices)
        trained, fills = self._as_trained()
        texts = self._texts(frame, plan) if trained is None else trained
        steps = self._steps(plan, texts, fills=fills)
        if trained is None:
            _refuse_too_wide(frame, plan, texts, path.name)
        known = Known(
            columns={name: frame[name].to_numpy() for name in plan.all},
            groups=None if groups is None else _of_rows(groups, kept),
            has_holes=fills,
            notices=tuple(notices),
        )
        return assemble(
            spec,
            _raw(frame, plan, texts, path.name, ""),
            steps,
            validation=None if beside is None or second is None else _raw(beside, plan, texts, second.name, _BESIDE),
            features=plan.features,
            known=known,
        )

    def _from_disk(self, spec: RunSpec, plan: Plan, files: Sequence[tuple[Path, Extent]], groups: Any) -> Dataset:
        """Bring rows into the cache, and have them read from there when they are due."""
        config, (trained, fills) = self.config, self._as_trained()
        texts = trained
        tables: list[TableOnDisk] = []
        notices: list[str] = []
        for path, extent in files:
            wanted = Wanted(plan, texts, config.missing, config.text, config.most_categories)
            table = TableOnDisk(converted(self, path, extent, wanted, say=spec.verbose), plan)
            texts = table.texts if texts is None else texts
            tables.append(table)
            notices += plan.left_out(table.total, table.count, path.name)
            if config.lazy == "auto":
                notices.append(f"{path.name} is read from the disk when its rows are due: it {extent.too_large()}.")
        parts = [table.raw() for table in tables]
        known = Known(
            columns=ColumnsOnDisk(tables[0], plan),
            groups=None if groups is None else _of_rows(groups, tables[0].kept),
            has_holes=fills,
            notices=tuple(notices),
        )
        return assemble_stored(
            spec,
            parts[0],
            self._steps(plan, texts or (), fills=fills),
            validation=parts[1] if len(parts) > 1 else None,
            features=plan.features,
            encoded=encoded(spec, parts) if trained is None else None,
            known=known,
        )

    def _as_trained(self) -> tuple[tuple[str, ...] | None, bool]:
        """Say which columns hold text (None to find them) and whether values may lack, as in training if known."""
        ready = measured()
        if ready is None:
            return None, self.config.missing == "mean"
        chain = ready.signature.preprocessing
        is_columns = bool(chain) and chain[0]["type"] == Columns.type
        return tuple(chain[0]["texts"]) if is_columns else (), is_columns

    def _steps(self, plan: Plan, texts: Sequence[str], *, fills: bool) -> list[Step]:
        steps: list[Step] = (
            [Columns(plan.features, tuple(texts), self.config.missing == "mean")]
            if texts or fills
            else [RawInput(((len(plan.features),),), "float32")]
        )
        if self.config.standardize:
            steps.append(Standardize())
        return steps

    def _plan(self, spec: RunSpec, names: Sequence[str]) -> Plan:
        """Decide which columns serve for what.

        Raises
        ------
        ConfigurationError
            If one isn't there, or none is left to learn from.
        """
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            msg = f"data.path: two columns of the file are called {brief(twice[0])}; give one another name."
            raise ConfigurationError(msg)
        for key in ("target", "features", "drop"):
            for name in getattr(self.config, key):
                if name not in names:
                    hint = did_you_mean(name, names)
                    msg = f"data.{key}: the file has no column {brief(name)}.{hint} Columns: {brief(list(names))}."
                    raise ConfigurationError(msg)
        # One that is named twice is one.
        targets = tuple(dict.fromkeys(self.config.target))
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
        return Plan(chosen, targets, aside)

    def _there(self, plan: Plan, path: Path) -> list[str]:
        """Give the columns to read, all of which the file has to have."""
        names = self._names(path)
        for name in plan.all:
            if name not in names:
                msg = f"data.path: {path.name} has no column {brief(name)}.{did_you_mean(name, names)}"
                raise ConfigurationError(msg)
        return plan.all

    def _whole(self, frame: pd.DataFrame, name: str, plan: Plan) -> pd.DataFrame:
        plan.refuse_none(len(frame), len(frame), name)
        lacking = frame.isna()
        found = ((it, int(lacking[it].sum()), int(np.argmax(lacking[it].to_numpy()))) for it in frame.columns)
        plan.refuse_lacking(found, len(frame), name, self.config.missing)
        return frame

    def _kept(self, frame: pd.DataFrame, name: str, plan: Plan, notices: list[str]) -> tuple[pd.DataFrame, Array]:
        """Leave out rows with missing values, if that is asked for; say which rows stay."""
        kept: Array = np.ones(len(frame), bool)
        if self.config.missing == "drop" and len(frame):
            kept = np.asarray(~frame.isna().to_numpy().any(axis=1))
            plan.refuse_none(len(frame), int(kept.sum()), name)
            notices += plan.left_out(len(frame), int(kept.sum()), name)
            frame = frame[kept]
        return plain(self._whole(frame, name, plan)), kept

    def _texts(self, frame: pd.DataFrame, plan: Plan) -> tuple[str, ...]:
        """Find the columns of text among those that are learnt from."""
        found = texts_among(frame, plan.features, self.config.text, self.config.most_categories)
        for name in plan.targets:
            # Amounts written in another way would be as many classes.
            refuse_numbers_with_commas(frame[name], name)
        return found


def _trained_names(signature: Any) -> tuple[str, ...]:
    """Give the columns that a model was trained on, as far as its record tells."""
    chain = signature.preprocessing
    if chain and chain[0]["type"] == Columns.type:
        return tuple(chain[0]["names"])
    return tuple((signature.raw or {}).get("features") or ())


def _refuse_too_wide(frame: pd.DataFrame, plan: Plan, texts: Sequence[str], file: str) -> None:
    """Raise if rows don't fit into memory once text has become a column for each category."""
    if texts:
        columns = len(plan.features) - len(texts) + sum(int(frame[name].nunique()) for name in texts)
        # Python's objects take more than numbers, and there are as many of them as in the file.
        size = len(frame) * (4 * columns + 16 * len(plan.features))
        what = f"data: {file}, {columns:,} columns once each category of text has one,"
        refuse_too_large(size, what, "leave columns of text out (drop)")


def _of_rows(groups: Any, kept: Array) -> Array:
    """Give the groups of the rows that stay.

    Raises
    ------
    ConfigurationError
        If there isn't one for each row of the file.
    """
    found = to_host(groups, "validation.groups")
    if found.shape != kept.shape:
        msg = f"validation.groups: expected one for each of {len(kept):,} rows, got an array of shape {found.shape}."
        raise ConfigurationError(msg)
    return np.asarray(found[kept])


def _raw(frame: pd.DataFrame, plan: Plan, texts: Sequence[str], file: str, which: str) -> Raw:
    """Give rows as a person has them."""
    rows = rows_of(frame, plan.features, texts, file)
    refuse_infinite(frame, [name for name in plan.features if name not in texts], f"{which}inputs")
    targets = frame[list(plan.targets)]
    values = targets.iloc[:, 0].to_numpy() if len(plan.targets) == 1 else targets.to_numpy()
    return Raw(rows, to_host(values, "targets"))
