"""Several rounds in which each candidate has its turn, so that a machine's moods meet all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def interleaved(
    names: Sequence[str], rounds: int, measure: Callable[[str], float], tell: Callable[[str], None]
) -> dict[str, tuple[float, ...]]:
    """Measure each candidate once a round.

    Parameters
    ----------
    names : sequence of str
        The candidates. Each round begins with another one, so that none always has the same place in it.
    rounds : int
        How many.
    measure : callable
        Gives the figure of a candidate.
    tell : callable
        Is told each figure in a line.

    Returns
    -------
    dict of str to tuple of float
        The figures of each, in the order of the rounds.
    """
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            found[name].append(measure(name))
            tell(f"round {number + 1} of {rounds}: {name} {found[name][-1]:,.1f}")
    return {name: tuple(figures) for name, figures in found.items()}
