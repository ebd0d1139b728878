"""Tables that reports print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def laid_out(rows: Iterable[Sequence[str]]) -> str:
    """Align columns."""
    told = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in told) for column in range(len(told[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in told
    )
