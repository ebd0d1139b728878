"""A run's own randomness: nothing it draws comes from a generator that another cell can reach.

Dropout layers are replaced by ones with a generator of their own, at no cost. Other random operations get
``generator=`` injected by a thread-local mode, at a cost, only where the model was seen to use them. What can't be
given a generator is named by :mod:`~dltrainer_jupyter.adapters.pytorch.watching`, so that the run can say it is not
exact.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from dltrainer_jupyter.adapters.pytorch.masks import draw_mask, numbered
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.seeds import derive

# --- generators ---------------------------------------------------------------------------------------


class Generators:
    """The generators of one run, one a device, made when first needed.

    Parameters
    ----------
    seed : int
        The run's seed.
    use : str
        What they are for, such as ``"layers"``.
    """

    def __init__(self, seed: int, use: str) -> None:
        self._run_seed = seed
        self._main_seed = self._seed = derive(seed, "torch", use)
        self._main: dict[torch.device, torch.Generator] = {}
        self._current = self._main
        self.number = numbered(self)

    def on(self, device: torch.device) -> torch.Generator:
        """Give the generator of a device, named as tensors name theirs.

        Raises
        ------
        ConfigurationError
            In a backward pass: whoever draws there computes a layer again and expects the numbers it had before.
        """
        if torch._C._current_graph_task_id() != -1:  # noqa: SLF001 - as torch.utils.checkpoint itself asks it
            msg = (
                "Random numbers were drawn in the backward pass, as torch.utils.checkpoint does when it computes a "
                "layer again, and they would not be those of the forward pass. Leave layers with dropout or other "
                "randomness out of the checkpointed part."
            )
            raise ConfigurationError(msg)
        found = self._current.get(device)
        if found is None:
            found = self._current[device] = torch.Generator(device).manual_seed(self._seed)
        return found

    def holds(self, generator: torch.Generator) -> bool:
        """Say whether a generator is one of these."""
        # Python's objects come and go; what they stand for has one address.
        return _address(generator) in map(_address, self._current.values())

    @contextmanager
    def aside(self, use: str) -> Iterator[None]:
        """Draw from fresh generators for a while: the same ones each time, for the same use.

        What happens meanwhile leaves no trace: :meth:`state` gives what was set aside.
        """
        before = self._seed, self._current
        self._seed, self._current = derive(self._run_seed, "torch", use), {}
        try:
            yield
        finally:
            self._seed, self._current = before

    def state(self) -> dict[str, bytes]:
        """Give every generator's state by device."""
        return {str(device): own.get_state().numpy().tobytes() for device, own in self._main.items()}

    def load_state(self, state: Mapping[str, bytes]) -> None:
        """Go on from a state."""
        self._main.clear()
        for name, data in state.items():
            device = torch.device(name)
            own = self._main[device] = torch.Generator(device)
            own.set_state(torch.frombuffer(bytearray(data), dtype=torch.uint8).clone())


def _address(generator: Any) -> int:
    return int(generator._cdata)  # noqa: SLF001 - nothing public tells two generators apart


# --- dropout ------------------------------------------------------------------------------------------


def drop(
    x: torch.Tensor, p: float, generators: Generators, *, dimensions: int = 0, inplace: bool = False
) -> torch.Tensor:
    """Dropout with a generator: the same operations as PyTorch's own, so the same bits from the same generator.

    Parameters
    ----------
    x : torch.Tensor
        Any shape.
    p : float
        Probability that an element, or a feature map, becomes zero.
    dimensions : int, default 0
        0 drops elements; 1, 2 or 3 drop whole feature maps, as ``dropout1d`` to ``dropout3d`` do.
    inplace : bool, default False
        Change ``x`` itself.
    """
    if p == 0 or x.numel() == 0:
        return x
    if p == 1:
        mask = x.new_zeros(())
    else:
        mask = draw_mask(x, _feature_maps(x, dimensions) if dimensions else None, 1 - p, generators)
    return x.mul_(mask) if inplace else x * mask


def _feature_maps(x: torch.Tensor, dimensions: int) -> tuple[int, ...]:
    """Give the shape of a mask with one value a feature map.

    The batch axis may be missing, except for ``dropout2d``, which has always read three axes as (N, C, L).
    """
    leading = 2 if dimensions == 2 else x.dim() - dimensions  # noqa: PLR2004 - dropout2d
    return (*x.shape[:leading], *(1 for _ in x.shape[leading:]))


class _OwnDropout(nn.Module):
    """A dropout layer that draws from its run's generators; a copy or pickle of it is the plain layer again."""

    plain: ClassVar[type[nn.Module]]
    dimensions: ClassVar[int]
    p: float
    inplace: bool
    generators: Generators

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        if not self.training:
            return input
        return drop(input, self.p, self.generators, dimensions=self.dimensions, inplace=self.inplace)

    def _get_name(self) -> str:
        return self.plain.__name__

    def __reduce__(self) -> tuple[Any, ...]:
        return self.plain, (self.p, self.inplace), {k: v for k, v in self.__dict__.items() if k != "generators"}


class _OwnDropout0d(_OwnDropout, nn.Dropout):
    plain = nn.Dropout
    dimensions = 0


class _OwnDropout1d(_OwnDropout, nn.Dropout1d):
    plain = nn.Dropout1d
    dimensions = 1


class _OwnDropout2d(_OwnDropout, nn.Dropout2d):
    plain = nn.Dropout2d
    dimensions = 2


class _OwnDropout3d(_OwnDropout, nn.Dropout3d):
    plain = nn.Dropout3d
    dimensions = 3


_OWN: dict[type[nn.Module], type[_OwnDropout]] = {
    own.plain: own for own in (_OwnDropout0d, _OwnDropout1d, _OwnDropout2d, _OwnDropout3d)
}


def own_dropouts(net: nn.Module, generators: Generators) -> Callable[[], None]:
    """Let a net's dropout layers draw from the run's generators.

    A class that somebody derived from them is left alone: its own ``forward`` may do something else.

    Returns
    -------
    callable
        Undoes it, for a net that goes back to its owner.
    """
    changed = [module for module in net.modules() if type(module) in _OWN]
    for module in changed:
        own: Any = _OWN[type(module)]
        module.__class__ = own
        module.generators = generators  # type: ignore[assignment]

    def undo() -> None:
        for module in changed:
            if isinstance(module, _OwnDropout):
                plain: Any = module.plain
                module.__class__ = plain
                del module.generators

    return undo


# --- other random operations --------------------------------------------------------------------------

_ALWAYS = (
    "rand randn randint randperm bernoulli multinomial normal poisson binomial _standard_gamma _sample_dirichlet "
    "bernoulli_ uniform_ normal_ exponential_ random_ log_normal_ cauchy_ geometric_"
)
_SINCE_LATELY = "rand_like randn_like randint_like"

DRAWS = frozenset(_ALWAYS.split()) | {
    name for name in _SINCE_LATELY.split() if "generator" in getattr(torch.ops.aten, name).overloads()
}
"""Names of the operations that take a generator."""

_DROPOUTS: dict[Callable[..., Any], int] = {
    functional.dropout: 0,
    functional.dropout1d: 1,
    functional.dropout2d: 2,
    functional.dropout3d: 3,
}


class Injected(TorchFunctionMode):
    """Give every random operation of this thread a generator of the run's.

    Parameters
    ----------
    generators : Generators
        To be drawn from.

    Attributes
    ----------
    drawn : set of str
        Names of the operations that were given one.
    """

    def __init__(self, generators: Generators) -> None:
        super().__init__()
        self._generators = generators
        self.drawn: set[str] = set()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _DROPOUTS:
            return self._dropout(func, args, kwargs)
        name = getattr(func, "__name__", "")
        if (name in DRAWS or "generator" in kwargs) and kwargs.get("generator") is None:
            self.drawn.add(name)
            kwargs = {**kwargs, "generator": self._generators.on(_device(args, kwargs))}
        return func(*args, **kwargs)

    def _dropout(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = _signature(func).bind(*args, **kwargs)
        given.apply_defaults()
        x, p, training, inplace = given.args
        if not training or not 0 < p <= 1:
            return func(*args, **kwargs)
        self.drawn.add(func.__name__)
        return drop(x, p, self._generators, dimensions=_DROPOUTS[func], inplace=inplace)


_signature = functools.cache(inspect.signature)


def _device(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> torch.device:
    """Find out on which device an operation will draw."""
    wanted = kwargs.get("device")
    if wanted is None:
        tensors = (value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor))
        wanted = next((tensor.device for tensor in tensors), None)
    device = torch.get_default_device() if wanted is None else torch.device(wanted)
    # "cuda" means the current one and "cpu:0" the only one; tensors know how theirs is called.
    return torch.empty(0, device=device).device


@contextmanager
def injected(mode: Injected | None) -> Iterator[None]:
    """Enter a mode if there is one."""
    if mode is None:
        yield
    else:
        with mode:
            yield
