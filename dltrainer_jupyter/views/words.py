"""Numbers, times and messages as people read them, and values as JSON can say them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MISSING = "–"  # noqa: RUF001 - an en dash, as on the page
_TINY, _SMALL, _GROUPED, _HUGE = 1e-3, 1, 1e3, 1e6
"""Sizes at which another notation begins."""
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
_MINUTE = 60
_TENTHS_BELOW = 9.95


def metric(value: float | None) -> str:
    """Write a metric to four significant places.

    Examples
    --------
    >>> metric(0.984210526), metric(4.21e-5), metric(1204.4), metric(None) == MISSING
    ('0.9842', '4.21e-5', '1,204', True)
    """
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    if size == 0:
        return "0"
    if size < _TINY or size >= _HUGE:
        mantissa, power = f"{value:.2e}".split("e")
        return f"{float(mantissa):g}e{int(power)}"
    if size < _SMALL:
        return f"{value:.4f}"
    return f"{value:,.0f}" if size >= _GROUPED else f"{value:#.4g}"


def percent(share: float) -> str:
    """Write a share in percent, to a tenth; only what is whole is 100 %.

    Examples
    --------
    >>> percent(0.8331), percent(0.9996), percent(1)
    ('83.3 %', '> 99.9 %', '100.0 %')
    """
    shown = f"{100 * share:.1f} %"
    return "> 99.9 %" if share < 1 and shown == "100.0 %" else shown


def speed(steps_per_second: float | None) -> str:
    """Write a speed.

    Examples
    --------
    >>> speed(812.4), speed(3.14159)
    ('812 steps/s', '3.1 steps/s')
    """
    if steps_per_second is None or not math.isfinite(steps_per_second):
        return MISSING
    return f"{steps_per_second:,.{0 if steps_per_second >= _TENTHS_BELOW else 1}f} steps/s"


def duration(seconds: float) -> str:
    """Write a length of time in its two largest units.

    Examples
    --------
    >>> duration(4.21), duration(48.2), duration(192), duration(7500)
    ('4.2 s', '48 s', '3 min 12 s', '2 h 5 min')
    """
    if seconds < _TENTHS_BELOW:
        return f"{seconds:.1f} s"
    rest = round(seconds)
    if rest < _MINUTE:
        return f"{rest} s"
    first = next(place for place, (_, length) in enumerate(_UNITS) if rest >= length)
    parts = []
    for unit, length in _UNITS[first : first + 2]:
        amount, rest = divmod(rest, length)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts)


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Write how long ago something was, in its largest unit.

    Examples
    --------
    >>> ago(datetime(2026, 1, 1, 12, 0, tzinfo=UTC), datetime(2026, 1, 1, 14, 5, tzinfo=UTC))
    '2 h ago'
    """
    seconds = max(((now or datetime.now(UTC)) - moment).total_seconds(), 0.0)
    unit, length = next((pair for pair in _UNITS if seconds >= pair[1]), _UNITS[-1])
    return f"{int(seconds // length)} {unit} ago"


def one_line(message: object) -> str:
    r"""Write a message without line breaks.

    Examples
    --------
    >>> one_line("It broke.\n  Mend it.")
    'It broke. Mend it.'
    """
    return " ".join(str(message).split())


def finite(value: Any) -> Any:
    """Replace what strict JSON can't say, NaN and infinities, by None, at any depth.

    Examples
    --------
    >>> finite({"loss": [0.5, float("nan")]})
    {'loss': [0.5, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value
