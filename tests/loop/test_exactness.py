"""Whoever knows that a resume may differ is asked, and written down once."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dltrainer_jupyter.loop.exactness import Exactness


class _Attempt:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def describe(self, **what: Any) -> None:
        self.told.append(what)

    def event(self, kind: str, message: str, step: int) -> None:
        self.told.append((kind, message, step))

    def transaction(self) -> AbstractContextManager[None]:
        return nullcontext()


def test_the_first_reason_is_written_down_once() -> None:
    attempt, reasons = _Attempt(), iter([None, "the loader gave other batches", "something else"])
    exactness = Exactness(attempt, [lambda: None, lambda: next(reasons)], exact=True)
    exactness.ask(1)
    assert attempt.told == []
    exactness.ask(7)
    exactness.ask(8)
    message = "A resume may differ in the last bits: the loader gave other batches."
    assert attempt.told == [{"exact": False}, ("inexact", message, 7)]


def test_a_run_known_to_be_inexact_is_not_asked_about() -> None:
    attempt = _Attempt()
    Exactness(attempt, [lambda: "again"], exact=False).ask(3)
    assert attempt.told == []
