"""Answers that aren't there yet."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


def then(first: Future[Any], follow: Callable[[Future[Any]], Any]) -> Any:
    """Go on when something is there: at once, or in the thread that brings it, so that nobody else's waits.

    Parameters
    ----------
    first : concurrent.futures.Future
        What has to be there.
    follow : callable
        Is given ``first``, done or failed, and gives the answer or the promise of one.

    Returns
    -------
    object or concurrent.futures.Future
        What ``follow`` gives; the promise of it where ``first`` isn't there yet.

    Examples
    --------
    >>> first = Future()
    >>> answer = then(first, lambda found: found.result() + 1)
    >>> first.set_result(1)
    >>> answer.result()
    2
    """
    if first.done():
        return follow(first)
    answer: Future[Any] = Future()

    def go_on(first: Future[Any]) -> None:
        try:
            found = follow(first)
        except Exception as error:  # noqa: BLE001 - whoever waits for the answer is told
            answer.set_exception(error)
        else:
            _pass_on(found, answer)

    first.add_done_callback(go_on)
    return answer


def _pass_on(found: Any, answer: Future[Any]) -> None:
    if not isinstance(found, Future):
        answer.set_result(found)
        return

    def settle(found: Future[Any]) -> None:
        if (error := found.exception()) is None:
            answer.set_result(found.result())
        else:
            answer.set_exception(error)

    found.add_done_callback(settle)
