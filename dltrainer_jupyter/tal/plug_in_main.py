"""What the process runs that checks a plug-in: ``python -m dltrainer_jupyter.tal.plug_in_main FILE REPORT``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import IO

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.tal.plug_in_check import examine


class _Reporting:
    """Writes what it is told to a file, a line each, as it comes: what follows may end the process."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def begun(self, where: str) -> None:
        self.write("begun", where)

    def found(self, finding: str) -> None:
        self.write("found", finding)

    def tried(self, what: str) -> None:
        self.write("tried", what)

    def write(self, what: str, text: str = "") -> None:
        self._file.write(json.dumps([what, text]) + "\n")
        self._file.flush()


def main(given: str, report: str) -> None:
    """Examine a plug-in and write what is found; what its code prints goes elsewhere."""
    with Path(report).open("x", encoding="utf-8") as file:
        reporting = _Reporting(file)
        try:
            examine(Path(given), reporting)
        except ConfigurationError as error:
            reporting.write("refused", str(error))
        reporting.write("whole")


if __name__ == "__main__":
    main(*sys.argv[1:])
