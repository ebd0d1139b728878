"""Which random operations a piece of code uses: seen where they reach PyTorch's kernels, so none can hide.

That covers what a layer does inside a single call (the dropout of an LSTM or of attention), scripted code, and
operations nobody has heard of yet: PyTorch marks each that draws.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dltrainer_jupyter.adapters.pytorch.randomness import Generators, Injected


class Watch:
    """Give the operations of this thread generators, and note those that draw from others all the same.

    Parameters
    ----------
    generators : Generators
        The run's.

    Attributes
    ----------
    foreign : set of str
        Operations that drew from a global generator.
    private : set of str
        Operations that drew from a generator the user's code holds.
    """

    def __init__(self, generators: Generators) -> None:
        self._calls = _Calls(generators)
        self._kernels = _Kernels(generators, self._calls)
        self._entered = ExitStack()
        self.foreign = self._kernels.foreign
        self.private = self._kernels.private

    @property
    def drawn(self) -> set[str]:
        """Operations that were given one of the run's generators by being called in here."""
        return self._calls.drawn

    def __enter__(self) -> Self:
        self._entered.enter_context(self._calls)
        self._entered.enter_context(self._kernels)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._entered.close()


class _Calls(Injected):
    """Remembers which function of PyTorch's is under way, since a kernel's name says little to a person."""

    under_way = ""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.under_way = getattr(func, "__name__", "")
        try:
            return super().__torch_function__(func, types, args, kwargs)
        finally:
            self.under_way = ""


class _Kernels(TorchDispatchMode):  # type: ignore[no-untyped-call] # its registration has no types
    supports_higher_order_operators = True

    def __init__(self, generators: Generators, calls: _Calls) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._generators = generators
        self._calls = calls
        self.foreign: set[str] = set()
        self.private: set[str] = set()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded in getattr(func, "tags", ()) and _draws(func, args, kwargs):
            given = next((value for value in (*args, *kwargs.values()) if isinstance(value, torch.Generator)), None)
            name = self._calls.under_way or func.__name__.partition(".")[0]
            if given is None:
                self.foreign.add(name)
            elif not self._generators.holds(given):
                self.private.add(name)
        return func(*args, **kwargs)


def _draws(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Say whether a call draws: dropout inside attention, say, is mostly switched off."""
    expected = func._schema.arguments  # noqa: SLF001 - the only place where it stands
    values = {argument.name: argument.default_value for argument in expected if argument.has_default_value()}
    values |= dict(zip((argument.name for argument in expected), args, strict=False)) | kwargs
    probability = next((values[name] for name in ("p", "dropout_p", "dropout") if name in values), None)
    switch = next((values[name] for name in ("train", "training") if name in values), None)
    return probability != 0 and switch is not False
