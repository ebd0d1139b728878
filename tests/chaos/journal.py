"""What the cases came to, a line of JSON each, so that an interrupted matrix can be gone on with."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.chaos.killing import Result
from tests.tables import laid_out


class Journal:
    """The results of one shard.

    A journal of other code is begun anew, since its results say nothing about this one.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        code = fingerprint()
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        if not lines or lines[0] != {"code": code}:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"code": code}) + "\n")
            lines = []
        self.results = [Result(**line) for line in lines[1:]]

    def holds(self, case: str, key: str) -> bool:
        """Tell whether a case was carried out."""
        return any((result.case, result.key) == (case, key) for result in self.results)

    def add(self, result: Result) -> None:
        """Write down what became of a case."""
        self.results.append(result)
        with self._path.open("a") as file:
            file.write(json.dumps(asdict(result)) + "\n")


def read(path: Path) -> list[Result]:
    """Read the results there are, whatever code they are of."""
    lines = path.read_text().splitlines()[1:] if path.exists() else []
    return [Result(**json.loads(line)) for line in lines]


def fingerprint() -> str:
    """Give a checksum of the package and of these tests."""
    root = Path(__file__).parents[2]
    checksum = hashlib.sha256()
    for path in sorted([*root.glob("dltrainer_jupyter/**/*.py"), *root.glob("tests/chaos/**/*.py")]):
        checksum.update(path.read_bytes())
    return checksum.hexdigest()[:16]


def table(results: dict[str, Sequence[Result]]) -> str:
    """Lay out results: a line for each subject and case."""
    rows = [("subject", "case", "killed", "identical, or noticed", "seconds")]
    for subject, all_of_it in results.items():
        by_case: dict[str, list[Result]] = defaultdict(list)
        for result in all_of_it:
            by_case[result.case].append(result)
        rows += [
            (subject, case, str(_killed(found)), _share(found), f"{sum(result.seconds for result in found):.0f}")
            for case, found in by_case.items()
        ]
    return laid_out(rows)


def effects(results: dict[str, Sequence[Result]]) -> str:
    """Lay out what each saved field is good for."""
    rows = [("subject", "field", "effect of its loss")]
    for subject, found in results.items():
        rows += [(subject, result.key, result.case) for result in found]
    return laid_out(rows)


def _killed(found: Sequence[Any]) -> int:
    return sum(result.killed for result in found)


def _share(found: Sequence[Any]) -> str:
    return f"{sum(result.identical for result in found)} of {len(found)}"
