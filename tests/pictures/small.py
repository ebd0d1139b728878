"""Pictures and films as small files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_PICTURE, LARGEST_FILM = 150_000, 1_500_000
"""Bytes, so that a page with all of them opens at once."""
QUALITY = 72
"""Of a film's frames, in per cent: letters are still sharp."""
LAST = 2.0
"""Seconds the last frame is seen."""


def write_picture(png: bytes, path: Path) -> None:
    """Write a screenshot as it is, or with a palette of 256 colours where it would be too large."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.save(path, optimize=True)
    if path.stat().st_size > LARGEST_PICTURE:
        picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(path, optimize=True)


def write_film(frames: list[tuple[float, bytes]], path: Path, *, each_second: int, seconds: float) -> None:
    """Write screenshots as an animated WebP, which begins again at its end.

    It runs as fast as they were taken, or faster where a busy machine took longer than the film may last.

    Parameters
    ----------
    frames : list of (float, bytes)
        When each was taken, in seconds, and its PNG.
    path : Path
        Where the film goes.
    each_second : int
        How many frames are kept of a second at most.
    seconds : float
        How long it may last.
    """
    faster = max(1.0, (frames[-1][0] - frames[0][0] + LAST) / seconds)
    frames = [(at / faster, png) for at, png in frames]
    kept: list[tuple[float, bytes]] = []
    for at, png in frames:
        if kept and (png == kept[-1][1] or at - kept[-1][0] < 1 / each_second):
            # A picture that comes soon after another takes its place, so that the last one is never lost.
            kept[-1] = (kept[-1][0], png)
        else:
            kept.append((at, png))
    ends = [at for at, _ in kept[1:]] + [kept[-1][0] + LAST]
    pictures = [Image.open(io.BytesIO(png)).convert("RGB") for _, png in kept]
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=[round(1000 * (end - at)) for (at, _), end in zip(kept, ends, strict=True)],
        loop=0,
        quality=QUALITY,
        method=6,
        minimize_size=True,
    )
