"""A run's own randomness: nothing it draws comes from a generator that another cell can reach.

Dropout layers are replaced by ones with a generator of their own, at no cost. Other random operations get
``generator=`` injected by a thread-local mode, at a cost, only where the model was seen to use them. What can't be
given a generator is named, so that the run can say it is not exact.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from dltrainer_jupyter.core.seeds import derive

_DRAWS = frozenset(
    [
        "rand",
        "randn",
        "randint",
        "randperm",
        "rand_like",
        "randn_like",
        "randint_like",
        "bernoulli",
        "multinomial",
        "normal",
        "poisson",
        "binomial",
        "bernoulli_",
        "uniform_",
        "normal_",
        "exponential_",
        "random_",
        "log_normal_",
        "cauchy_",
        "geometric_",
    ]
)
"""Operations that take a generator."""

_FEATURE_DIMENSIONS = {"dropout1d": 1, "dropout2d": 2, "dropout3d": 3}


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
        self._seed = derive(seed, "torch", use)
        self._of: dict[str, torch.Generator] = {}

    def on(self, device: torch.device | str | None) -> torch.Generator:
        """Give the generator of a device."""
        key = str(torch.device(device or "cpu"))
        if key not in self._of:
            self._of[key] = torch.Generator(key).manual_seed(self._seed)
        return self._of[key]

    def state(self) -> dict[str, bytes]:
        """Give every generator's state by device."""
        return {key: generator.get_state().numpy().tobytes() for key, generator in sorted(self._of.items())}

    def load_state(self, state: Mapping[str, bytes]) -> None:
        """Go on from a state."""
        for key, data in state.items():
            self.on(key).set_state(torch.frombuffer(bytearray(data), dtype=torch.uint8).clone())


def drop(x: torch.Tensor, p: float, generators: Generators, *, shape: tuple[int, ...] | None = None) -> torch.Tensor:
    """Dropout with a generator: the same operations as PyTorch's own.

    Parameters
    ----------
    x : torch.Tensor
        Any shape.
    p : float
        Probability that an element (or, with ``shape``, a whole slice) becomes zero.
    shape : tuple of int, optional
        Shape of the mask, which is broadcast; by default that of ``x``.
    """
    if p == 0:
        return x
    mask = torch.empty(shape or x.shape, dtype=x.dtype, device=x.device)
    if p == 1:
        return x * mask.zero_()
    return x * mask.bernoulli_(1 - p, generator=generators.on(x.device)).div_(1 - p)


class _OwnDropout(nn.Dropout):
    generators: Generators

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        return drop(input, self.p, self.generators) if self.training else input


class _OwnFeatureDropout(nn.Dropout):
    generators: Generators
    dimensions: int

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - torch's name
        return drop(input, self.p, self.generators, shape=_slices(input, self.dimensions)) if self.training else input


def _slices(x: torch.Tensor, dimensions: int) -> tuple[int, ...]:
    """Give the shape of a mask that drops whole feature maps, with or without a leading batch axis."""
    kept = x.dim() - dimensions
    return tuple(x.shape[:kept]) + (1,) * dimensions


_REPLACED: dict[type[nn.Module], int] = {nn.Dropout: 0, nn.Dropout1d: 1, nn.Dropout2d: 2, nn.Dropout3d: 3}


def own_dropouts(net: nn.Module, generators: Generators) -> Callable[[], None]:
    """Let a net's dropout layers draw from the run's generators.

    Returns
    -------
    callable
        Undoes it, for a net that goes back to its owner.
    """
    changed: list[tuple[nn.Module, type[nn.Module]]] = []
    for module in net.modules():
        kind = type(module)
        if kind not in _REPLACED:
            continue
        changed.append((module, kind))
        module.__class__ = _OwnFeatureDropout if _REPLACED[kind] else _OwnDropout
        module.generators = generators  # type: ignore[assignment]
        module.dimensions = _REPLACED[kind]  # type: ignore[assignment]

    def undo() -> None:
        for module, kind in changed:
            module.__class__ = kind
            del module.generators, module.dimensions

    return undo


class Injected(TorchFunctionMode):
    """Give every random operation of this thread the run's generator.

    Attributes
    ----------
    drawn : set of str
        Names of the random operations that were seen.
    foreign : set of str
        Those among them that draw from the global generator all the same, because they take no other.
    """

    def __init__(self, generators: Generators) -> None:
        super().__init__()
        self._generators = generators
        self.drawn: set[str] = set()
        self.foreign: set[str] = set()

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in _DRAWS or kwargs.get("generator", _ABSENT) is None:
            if kwargs.get("generator") is None:
                self.drawn.add(name)
                kwargs["generator"] = self._generators.on(_device(args, kwargs))
            return func(*args, **kwargs)
        if name == "dropout" or name in _FEATURE_DIMENSIONS:
            return self._dropout(func, args, kwargs)
        if _draws_in_secret(name, func, args, kwargs):
            self.drawn.add(name)
            self.foreign.add(name)
        return func(*args, **kwargs)

    def _dropout(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor:
        given = inspect.signature(func).bind(*args, **kwargs)
        given.apply_defaults()
        x: torch.Tensor = given.arguments["input"]
        p = float(given.arguments["p"])
        if not given.arguments["training"] or p == 0:
            return x
        self.drawn.add(func.__name__)
        dimensions = _FEATURE_DIMENSIONS.get(func.__name__, 0)
        dropped = drop(x, p, self._generators, shape=_slices(x, dimensions) if dimensions else None)
        return x.copy_(dropped) if given.arguments["inplace"] else dropped


_ABSENT = object()


def _device(args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.device | str | None:
    if kwargs.get("device") is not None:
        return torch.device(kwargs["device"])
    values = [*args, *kwargs.values()]
    return next((value.device for value in values if isinstance(value, torch.Tensor)), torch.get_default_device())


def _draws_in_secret(name: str, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Say whether a call draws from the global generator and takes no other."""
    if name == "scaled_dot_product_attention":
        return float(kwargs.get("dropout_p", args[4] if len(args) > 4 else 0.0)) > 0  # noqa: PLR2004 - its position
    if name in {"lstm", "gru", "rnn_tanh", "rnn_relu"}:
        return _recurrent_dropout(args)
    if name in {"alpha_dropout", "feature_alpha_dropout", "rrelu", "multi_head_attention_forward", "gumbel_softmax"}:
        given = inspect.signature(func).bind(*args, **kwargs)
        given.apply_defaults()
        arguments = given.arguments
        if name == "gumbel_softmax":
            return True
        return bool(arguments["training"]) and float(arguments.get("p", arguments.get("dropout_p", 1.0))) > 0
    return name == "fractional_max_pool2d_with_indices"


def _recurrent_dropout(args: tuple[Any, ...]) -> bool:
    """Read dropout, training and layers from the tail of a recurrent call: …, bias, layers, dropout, training, …."""
    for position in range(len(args) - 3):
        layers, dropout, training = args[position + 1 : position + 4]
        if isinstance(args[position], bool) and isinstance(layers, int) and isinstance(dropout, float):
            return bool(training) and dropout > 0 and layers > 1
    return False


@contextmanager
def injected(mode: Injected | None) -> Iterator[None]:
    """Enter a mode if there is one."""
    if mode is None:
        yield
    else:
        with mode:
            yield
