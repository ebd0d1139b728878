"""Reports of runs: written where the run is, and read back anywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dltrainer_jupyter.core.errors import ConfigurationError, UnknownNameError
from dltrainer_jupyter.core.records import CheckpointRecord, EpochRecord
from dltrainer_jupyter.tal.places import here
from dltrainer_jupyter.views.curves import Curve
from dltrainer_jupyter.views.report.reading import read
from dltrainer_jupyter.views.report.writing import FORMS, written
from dltrainer_jupyter.views.tables import confusion_table, epochs_table

if TYPE_CHECKING:
    import pandas as pd

    from dltrainer_jupyter.tal.run import Run

_ALSO = {"htm": "html", "markdown": "md"}


def write_report(run: Run, path: str | os.PathLike[str]) -> Path:
    """Write a report of a run.

    Parameters
    ----------
    run : Run
        Which run.
    path : str or path
        The file, in a folder that is there; an older one is replaced. Its ending says what it is written as:
        ``.ipynb``, ``.html`` or ``.md``.

    Returns
    -------
    pathlib.Path
        The file, written whole or not at all.

    Raises
    ------
    ConfigurationError
        If the ending is another, or the file can't be written.
    """
    place = Path(path).expanduser()
    ending = place.suffix.lower().removeprefix(".")
    form = _ALSO.get(ending, ending)
    if form not in FORMS:
        known = ", ".join(f".{it}" for it in sorted(FORMS))
        msg = f"report: expected a file that ends in {known}, got {place.name!r}."
        raise ConfigurationError(msg)
    if not place.parent.is_dir():
        msg = f"report: there is no folder {place.parent}; make it first, or name a file in another one."
        raise ConfigurationError(msg)
    content = written(run.store, run.id, here(run.record), form)
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(place)
    except OSError as error:
        beside.unlink(missing_ok=True)
        msg = f"report: {place} can't be written: {error.strerror or error}."
        raise ConfigurationError(msg) from error
    return place


def load_report(path: str | os.PathLike[str]) -> LoadedReport:
    """Read a report that :meth:`Run.report` wrote; nothing in it is executed, and the run need not be here.

    Parameters
    ----------
    path : str or path
        A ``.ipynb``, ``.html`` or ``.md`` file.

    Raises
    ------
    ConfigurationError
        If it isn't there, or is no report.

    Examples
    --------
    >>> tal.load_report("digits.html").metrics()["val_accuracy"].max()  # doctest: +SKIP
    0.984
    """
    place = Path(path).expanduser()
    return LoadedReport(read(place), place)


class LoadedReport:
    """A run as its report tells of it, with the names that the run itself has.

    Parameters
    ----------
    document : mapping
        As :func:`dltrainer_jupyter.views.report.document.document` made it.
    path : pathlib.Path
        Where it was read.
    """

    def __init__(self, document: Mapping[str, Any], path: Path) -> None:
        self._document = document
        self.path = path

    @property
    def id(self) -> str:
        """The run's."""
        return str(self._run["id"])

    @property
    def name(self) -> str:
        """The run's."""
        return str(self._run["name"])

    @property
    def state(self) -> str:
        """As it was when the report was made."""
        return str(self._run["state"])

    @property
    def epoch(self) -> int:
        """As it was when the report was made."""
        return int(self._run["epoch"])

    @property
    def step(self) -> int:
        """As it was when the report was made."""
        return int(self._run["step"])

    @property
    def made_at(self) -> datetime:
        """When the report was made."""
        return datetime.fromisoformat(self._document["made_at"])

    @property
    def config(self) -> dict[str, Any]:
        """The settings in force that weren't as by default; own objects by their description."""
        return dict(self._document["config"])

    @property
    def environment(self) -> dict[str, Any]:
        """Versions, machine, commit."""
        return dict(self._document["environment"])

    @property
    def events(self) -> list[dict[str, Any]]:
        """What was worth remembering, oldest first."""
        return list(self._document["events"])

    @property
    def best(self) -> dict[str, Any] | None:
        """The best value of the monitored metric: ``metric``, ``mode``, ``value``, ``epoch``, ``step``."""
        found: dict[str, Any] | None = self._document.get("best")
        return found

    @property
    def checkpoints(self) -> list[CheckpointRecord]:
        """Those there were, oldest first; their files may be gone since."""
        return [
            CheckpointRecord(
                run_id=self.id,
                step=row["step"],
                epoch=row["epoch"],
                kinds=frozenset(row["kinds"]),
                metrics=_numbers(row["metrics"]),
                digest=row["digest"],
                path=row["path"],
                bytes=row["bytes"],
                created_at=datetime.fromisoformat(row["created_at"]),
                attempt=row.get("attempt", 0),
            )
            for row in self._document["checkpoints"]
        ]

    def metrics(self) -> pd.DataFrame:
        """Give the history as :meth:`Run.metrics` does; of very long runs 1,000 epochs."""
        rows: list[dict[str, Any]] = self._document["metrics"]
        where = {"epoch", "step"}
        return epochs_table(
            [
                EpochRecord(row["epoch"], row["step"], _numbers({k: v for k, v in row.items() if k not in where}))
                for row in rows
            ]
        )

    def curve(self, name: str) -> Curve:
        """Give a per-step series in 500 points at most.

        Parameters
        ----------
        name : str
            The series', such as ``train_loss``.

        Raises
        ------
        UnknownNameError
            If there is none of this name.
        """
        curves = self._document["curves"]
        if name not in curves:
            kind = "series"
            raise UnknownNameError(kind, name, curves)
        values = [np.nan if value is None else value for value in curves[name]["values"]]
        return np.array(curves[name]["steps"], np.int64), np.array(values, np.float32)

    def evaluation(self) -> dict[str, Any] | None:
        """Give what the last validation found as :meth:`Run.evaluation` does; of very many classes the first 200."""
        found: dict[str, Any] | None = self._document.get("evaluation")
        return found

    def confusion(self) -> pd.DataFrame:
        """Give the confusion matrix of the last validation, true classes down, predicted ones across.

        Raises
        ------
        ConfigurationError
            If there was none.
        """
        found = self._document["confusion"]
        if found is None:
            msg = f"The report of '{self.name}' has no confusion matrix; it is counted at each validation of classes."
            raise ConfigurationError(msg)
        return confusion_table(found["labels"], found["matrix"])

    def analysis(self) -> dict[str, Any] | None:
        """Describe the model as :meth:`Run.analysis` does."""
        found: dict[str, Any] | None = self._document.get("model")
        return found

    def document(self) -> dict[str, Any]:
        """Give everything, in JSON types."""
        return dict(self._document)

    def __repr__(self) -> str:
        """Show of which run and of when it is."""
        return f"<Report of {self.name} ({self.id}): {self.state}, made {self.made_at:%Y-%m-%d %H:%M}>"

    @property
    def _run(self) -> Mapping[str, Any]:
        run: Mapping[str, Any] = self._document["run"]
        return run


def _numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    return {name: float("nan") if value is None else float(value) for name, value in values.items()}
