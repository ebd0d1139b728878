"""Measure ours beside its peers, and hold it against what is wanted: ``python -m tests.bench --help``."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path("build/bench")
"""Where results lie, a file a case."""


def main() -> int:
    """Run cases, each in a process of its own, then print the table of all."""
    options = arguments()
    if options.here is not None:
        return run_here(options.here, options)
    from tests.bench.cases import CASES, chosen
    from tests.bench.report import read, say, table

    wanted = chosen(options.case)
    if not wanted:
        sys.exit(f"expected cases among {', '.join(CASES)}, got {' '.join(options.case)}")
    if options.list:
        say("\n".join(wanted))
        return 0
    broken = []
    for name in wanted:
        say(f"\n{name}")
        command = [sys.executable, "-m", "tests.bench", *sys.argv[1:], "--here", name]
        if subprocess.run(command, check=False).returncode != 0:
            broken.append(name)
    results = {name: read(FOLDER / f"{name}.json") for name in wanted if name not in broken}
    if results:
        say(f"\n{table(results)}")
    for name in broken:
        say(f"{name}: broke off, see above")
    return int(bool(broken) or any(row.met is False for rows in results.values() for row in rows))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("case", nargs="*", help="names of cases, or beginnings of several; all if left out")
    parser.add_argument("--rounds", type=int, default=5, help="how often each program is measured")
    parser.add_argument("--length", type=float, default=1.0, help="how many times longer to train than usual")
    parser.add_argument("--only", help="besides ours only the programs of a loop with this in their name")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu: processor time, for a machine that isn't quiet"
    )
    parser.add_argument("--cores", type=int, help="how many cores of those there are may be used")
    parser.add_argument("--list", action="store_true", help="list the cases and do nothing")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    return parser.parse_args()


def run_here(name: str, options: argparse.Namespace) -> int:
    """Run one case in this process, in a home of its own."""
    from tests.bench.cases import CASES
    from tests.bench.report import save

    if options.cores is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    for setting in ("DLTRAINER_STORE", "DLTRAINER_ARTIFACTS"):
        os.environ.pop(setting, None)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER.resolve(), prefix="home-") as home:
        os.environ["DLTRAINER_HOME"] = home
        rows = CASES[name](options)
    machine = {
        "clock": options.clock,
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg(),
        "python": platform.python_version(),
    }
    save(FOLDER / f"{name}.json", name, rows, machine)
    return 0


if __name__ == "__main__":
    sys.exit(main())
