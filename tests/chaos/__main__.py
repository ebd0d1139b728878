"""Kill trainers at length, and see that nothing shows it: ``python -m tests.chaos --help``."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys


def main() -> int:
    """Run shards, each in a process of its own, then print the table of all."""
    options = arguments()
    if options.here is not None:
        return run_here(options.here, options)
    from tests.chaos import shards
    from tests.chaos.journal import effects, read, table

    wanted = shards.chosen(options.shard)
    if not wanted:
        sys.exit(f"expected shards among {', '.join(shards.SHARDS)}, got {' '.join(options.shard)}")
    for name in wanted:
        ended = subprocess.run([sys.executable, "-m", "tests.chaos", *sys.argv[1:], "--here", name], check=False)
        if ended.returncode > 1:
            shards.say(f"{name}: broke off with code {ended.returncode}; run it again to go on")
    results = {name: read(shards.journal_of(name)) for name in wanted}
    ablated = {name: found for name, found in results.items() if name.startswith("ablation-")}
    others = {name: found for name, found in results.items() if name not in ablated}
    for told in [effects(ablated)] * bool(ablated) + [table(others)] * bool(others):
        shards.say(f"\n{told}")
    # The frameworks' own trainers are there to be compared with; nobody promised anything for them.
    failed = [name for name, found in results.items() if not name.startswith("stock-") and not shards.all_well(found)]
    return int(bool(failed) or not all(results.values()))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("shard", nargs="*", help="names of shards, or beginnings of several; all if left out")
    parser.add_argument("--kills", type=int, default=25, help="runs killed at a random step")
    parser.add_argument("--times", type=int, default=5, help="runs killed at a random time, imports included")
    parser.add_argument("--rows", type=int, default=5, help="runs with ten kills in a row")
    parser.add_argument("--epochs", type=int, help="length of the runs that are killed; a subject's own if left out")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="cases at a time")
    parser.add_argument("--only", help="only cases with this in their name")
    parser.add_argument("--forked", action="store_true", help="fork trainers instead of starting each afresh")
    parser.add_argument("--fresh", action="store_true", help="forget the results there are")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    return parser.parse_args()


def run_here(name: str, options: argparse.Namespace) -> int:
    """Run one shard in this process, in a home of its own."""
    from tests.chaos import shards
    from tests.chaos.journal import Journal

    os.environ["DLTRAINER_HOME"] = str((shards.FOLDER / name).resolve())
    for setting in ("DLTRAINER_STORE", "DLTRAINER_ARTIFACTS"):
        os.environ.pop(setting, None)
    if options.fresh:
        shards.journal_of(name).unlink(missing_ok=True)
    journal = Journal(shards.journal_of(name))
    shards.SHARDS[name](journal, options)
    return int(not shards.all_well(journal.results))


if __name__ == "__main__":
    sys.exit(main())
