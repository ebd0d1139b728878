"""Take the documentation's pictures from the real product: ``python -m tests.pictures --help``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.pictures.recording import SECONDS, film
from tests.pictures.small import LARGEST_FILM, LARGEST_PICTURE, write_film, write_picture
from tests.pictures.stage import staged
from tests.pictures.stills import STILLS

FILM = "recording"


def main() -> int:
    """Take what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description="Take the documentation's pictures.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"by default all: {', '.join([*STILLS, FILM])}")
    parser.add_argument("--out", type=Path, default=Path("docs/images"), help="where they go; by default docs/images")
    options = parser.parse_args()
    names = options.names or [*STILLS, FILM]
    if unknown := set(names) - {*STILLS, FILM}:
        parser.error(f"expected names among {', '.join([*STILLS, FILM])}, got {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with staged() as stage:
        stage.train_earlier_runs()
        for name in names:
            if name == FILM:
                frames, still = film(stage)
                written += [options.out / f"{FILM}.webp", options.out / f"{FILM}-still.png"]
                write_film(frames, written[-2], each_second=8, seconds=SECONDS)
                write_picture(still, written[-1])
            else:
                written.append(options.out / f"{name}.png")
                write_picture(STILLS[name](stage), written[-1])
    too_large = False
    for path in written:
        size, largest = path.stat().st_size, LARGEST_FILM if path.suffix == ".webp" else LARGEST_PICTURE
        too_large |= size > largest
        sys.stdout.write(f"{path}  {size / 1000:.0f} kB{'  TOO LARGE' if size > largest else ''}\n")
    return int(too_large)


if __name__ == "__main__":
    sys.exit(main())
