"""What a case found, as lines of a table and as JSON."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.tables import laid_out

_HEAD = ("case", "what", "min", "median", "unit", "ratio", "wanted", "met")


@dataclass(frozen=True)
class Row:
    """One thing that was measured, or left out.

    Parameters
    ----------
    what : str
        What was measured.
    values : sequence of float
        What each round came to.
    unit : str
        Of the values.
    ratio : float, optional
        The median, in relation to what the case says; the bounds are for it then, otherwise for the median.
    at_least, at_most : float, optional
        What is wanted.
    left_out : str
        Why it was not measured.
    """

    what: str
    values: tuple[float, ...] = ()
    unit: str = ""
    ratio: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    left_out: str = ""

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether it is as wanted; None where nothing is wanted or nothing was measured."""
        if self.left_out or (self.at_least is None and self.at_most is None):
            return None
        figure = self.median if self.ratio is None else self.ratio
        return (self.at_least is None or figure >= self.at_least) and (self.at_most is None or figure <= self.at_most)

    def cells(self) -> tuple[str, ...]:
        """Lay it out for the table."""
        bounds = [
            f"{sign} {_short(bound)}"
            for sign, bound in (("≥", self.at_least), ("≤", self.at_most))
            if bound is not None
        ]
        wanted = " and ".join(bounds)
        if self.left_out:
            return (self.what, "", "", "", "", wanted, f"left out: {self.left_out}")
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        met = {None: "", True: "yes", False: "NO"}[self.met]
        return (self.what, _short(min(self.values)), _short(self.median), self.unit, ratio, wanted, met)


def _short(value: float) -> str:
    """Write three digits, or all before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def save(path: Path, case: str, rows: Iterable[Row], machine: Mapping[str, Any]) -> None:
    """Write a case's findings to a file."""
    told = [
        asdict(row) | ({} if row.left_out else {"median": row.median, "min": min(row.values)}) | {"met": row.met}
        for row in rows
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"case": case, "rows": told, **machine}, indent=1, ensure_ascii=False) + "\n")


def read(path: Path) -> list[Row]:
    """Read the findings of a case; none if there is no file."""
    if not path.exists():
        return []
    fields = Row.__dataclass_fields__
    rows = json.loads(path.read_text())["rows"]
    return [
        Row(**{key: value for key, value in row.items() if key in fields} | {"values": tuple(row["values"])})
        for row in rows
    ]


def table(findings: Mapping[str, Iterable[Row]]) -> str:
    """Lay out findings, case by case."""
    lines = [_HEAD]
    for case, rows in findings.items():
        lines += [("" if number else case, *row.cells()) for number, row in enumerate(rows)]
    return laid_out(lines)


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)  # noqa: T201 - a report is what it is run for
