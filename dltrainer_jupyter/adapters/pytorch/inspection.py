"""What a model does inside, seen by hooks that are there for one pass and leave nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from dltrainer_jupyter.adapters.pytorch.distributions import Counting
from dltrainer_jupyter.adapters.pytorch.operations import flops
from dltrainer_jupyter.adapters.pytorch.state import places, unchanged_buffers, write
from dltrainer_jupyter.adapters.shared.attributes import unchanged_attributes
from dltrainer_jupyter.adapters.shared.distributions import largest
from dltrainer_jupyter.adapters.shared.layers import Calls, Facts, Weights, graph_of, rows_of, tree_of
from dltrainer_jupyter.core.errors import ConfigurationError, first_line
from dltrainer_jupyter.core.protocols import Batch, Inspected
from dltrainer_jupyter.core.tracking import GraphNode

Nets = Mapping[str, nn.Module]

_KEPT_OTHERWISE = frozenset({"_parameters", "_buffers", "_modules", "training"})
"""Attributes of modules that nothing here changes, or that are put back by somebody else."""


def inspect_weights(nets: Nets, bins: int, most: int) -> Inspected:
    """See how parameters and buffers lie."""
    here = {name: place.tensor for name, place in places(nets).items()}
    tensors = {name: tensor for name, tensor in here.items() if tensor is not None and _is_real(tensor)}
    counting = Counting(bins)
    for name, tensor in largest(tensors, most, torch.Tensor.numel).items():
        counting.add(name, tensor)
    return Inspected(counting.found())


def inspect_layers(nets: Nets, compute: Callable[[], Any], bins: int, most: int) -> Inspected:
    """See how what layers give lies, while something is computed with them in evaluation mode."""
    refuse_compiled(nets)
    counting, missed, sizes = Counting(bins), dict[str, str](), dict[str, int]()
    given = WeakTensorKeyDictionary()

    def look(name: str, output: Any) -> None:
        found = next((tensor for tensor in _tensors(output) if _is_real(tensor)), None)
        if found is None or found in given:
            return
        given[found] = name
        if name not in sizes:
            sizes[name] = found.numel()
            # At once: the next layer may write into it.
            counting.add(name, found[: rows_of(found.shape)] if found.dim() else found)

    with unchanged(nets), ExitStack() as stack:
        for name, module in layers_of(nets):

            def hook(_: nn.Module, __: Any, output: Any, name: str = name) -> None:
                try:
                    look(name, output)
                except Exception as error:  # noqa: BLE001 - a tensor of somebody else's class may raise anything
                    missed[name] = first_line(error)

            _attach(stack, module, hook, missed, name)
        compute()
    found = counting.found()
    return Inspected({name: found[name] for name in largest(sizes, most, int) if name in found}, missed)


def graph(nets: Nets, batch: Batch, compute: Callable[[], Any]) -> tuple[GraphNode, ...]:
    """Say which layers are called on whose outputs; only which layers there are, if nobody can call the model."""
    try:
        refuse_compiled(nets)
        return _called(nets, batch, compute)
    except Exception:  # noqa: BLE001 - a model's own code may raise anything
        return tree_of(
            (name, _kind(module), _weights(module, recurse=True))
            for name, module in layers_of(nets)
            if _is_leaf(module)
        )


def _called(nets: Nets, batch: Batch, compute: Callable[[], Any]) -> tuple[GraphNode, ...]:
    calls, links = Calls(), _Links()
    with unchanged(nets), ExitStack() as stack:
        for name, module in layers_of(nets):

            def begin(_: nn.Module, __: Any) -> None:
                calls.begin()

            def end(module: nn.Module, args: Any, kwargs: Any, output: Any, name: str = name) -> None:
                takes, gives = links.keys((args, kwargs)), links.keys(output)
                calls.end(name, _kind(module), takes, gives, _facts(module, _tensors((args, kwargs)), _tensors(output)))

            stack.callback(module.register_forward_pre_hook(begin).remove)
            stack.callback(module.register_forward_hook(end, with_kwargs=True).remove)
        entries = links.keys(batch.inputs)
        with links:
            compute()
    first = next(iter(_tensors(batch.inputs)), None)
    return graph_of(calls.ended, entries, None if first is None else tuple(first.shape[1:]), links.upstream)


class _Links(TorchFunctionMode):
    """Notes which tensors are computed from which, and keeps all of them."""

    def __init__(self) -> None:
        super().__init__()
        self._made_of: dict[int, list[int]] = {}
        self._kept: dict[int, torch.Tensor] = {}

    def keys(self, structure: Any) -> list[int]:
        """Give what the tensors of a structure are known by."""
        found = _tensors(structure)
        self._kept |= {id(tensor): tensor for tensor in found}
        return [id(tensor) for tensor in found]

    def upstream(self, key: int) -> list[int]:
        """Give what a tensor was computed from."""
        return self._made_of.get(key, [])

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if made := self.keys(result):
            sources = self.keys((args, kwargs))
            for key in made:
                self._made_of.setdefault(key, []).extend(source for source in sources if source != key)
        return result


# --- leaving no trace -----------------------------------------------------------------------------------


@contextmanager
def unchanged(nets: Nets) -> Iterator[None]:
    """Put back what modules remember of a pass: buffers, and attributes that they set or fill."""
    modules = [module for net in nets.values() for module in net.modules()]
    with unchanged_buffers(nets), unchanged_attributes(modules, _KEPT_OTHERWISE), _unchanged_tensors(modules):
        yield


@contextmanager
def _unchanged_tensors(modules: Sequence[nn.Module]) -> Iterator[None]:
    """Put back what is written into tensors that modules hold as plain attributes."""
    held = {
        id(value): value for module in modules for value in vars(module).values() if isinstance(value, torch.Tensor)
    }
    before = [(tensor, tensor._version, tensor.detach().clone()) for tensor in held.values()]  # noqa: SLF001 - counts what is written in place
    try:
        yield
    finally:
        for tensor, version, value in before:
            if tensor._version != version:  # noqa: SLF001 - as above
                write(tensor, value)


def _attach(stack: ExitStack, module: nn.Module, hook: Any, missed: dict[str, str], name: str) -> None:
    try:
        stack.callback(module.register_forward_hook(hook).remove)
    except RuntimeError as error:
        missed[name] = first_line(error)


def refuse_compiled(nets: Nets) -> None:
    """Raise if a model compiles itself: with hooks it would be compiled anew, so that its steps are others then."""
    for name, module in layers_of(nets):
        if hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None:
            msg = f"{name} is compiled by torch.compile, and to look into it would compile it anew"
            raise ConfigurationError(msg)


# --- modules and tensors --------------------------------------------------------------------------------


def layers_of(nets: Nets) -> Iterator[tuple[str, nn.Module]]:
    """Give all modules by name, with dots; one that has several names by its first."""
    for name, net in nets.items():
        yield from net.named_modules(prefix=name)


def _is_leaf(module: nn.Module) -> bool:
    return next(iter(module.children()), None) is None


def _kind(module: nn.Module) -> str:
    return str(module._get_name())  # type: ignore[no-untyped-call]  # noqa: SLF001 - as the module is printed


def _weights(module: nn.Module, *, recurse: bool) -> Weights:
    everything: Iterator[Any] = module.parameters(recurse=recurse)
    found = [p for p in everything if not is_lazy(p)]
    learned = sum(p.numel() for p in found if p.requires_grad)
    return Weights(learned, sum(p.numel() for p in found) - learned)


def _facts(module: nn.Module, takes: Sequence[torch.Tensor], gives: Sequence[torch.Tensor]) -> Facts:
    first = tuple(gives[0].shape) if gives else None
    return Facts(
        own=_weights(module, recurse=False),
        whole=_weights(module, recurse=True),
        shape=None if first is None else first[1:],
        input_shape=tuple(takes[0].shape[1:]) if takes else None,
        flops=flops(module, [tuple(tensor.shape) for tensor in takes], first),
    )


def _is_real(tensor: Any) -> bool:
    """Tell numbers whose values say something: not counts, and none that isn't there yet."""
    return (
        isinstance(tensor, torch.Tensor)
        and not is_lazy(tensor)
        and tensor.is_floating_point()
        and tensor.layout == torch.strided
    )


def _tensors(structure: Any) -> list[torch.Tensor]:
    """Find tensors in tuples, lists and mappings."""
    if isinstance(structure, torch.Tensor):
        return [structure]
    if isinstance(structure, Mapping):
        return [tensor for value in structure.values() for tensor in _tensors(value)]
    if isinstance(structure, tuple | list):
        return [tensor for value in structure for tensor in _tensors(value)]
    return []
