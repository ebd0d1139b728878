"""A net's operations as a graph, seen without values.

``torch.fx.symbolic_trace`` replaces methods of ``torch.nn.Module`` for all threads while it works, those of a training
among them. What is here replaces methods of a copy only, which shares its weights with the net.
"""

from __future__ import annotations

import copy
import functools
from itertools import chain
from typing import Any

import torch
from torch import fx, nn
from torch.fx.proxy import GraphAppendingTracer

_STANDARD = "torch.nn.modules."


def traced(net: nn.Module) -> fx.Graph:
    """Follow what a net does with its one input.

    Parameters
    ----------
    net : torch.nn.Module
        In evaluation mode; PyTorch's own layers become nodes, code of all others is followed.

    Returns
    -------
    torch.fx.Graph

    Raises
    ------
    Exception
        Of any kind, where that depends on values, or the net gives anything but a tensor.
    """
    weights = list(chain(net.named_parameters(), net.named_buffers()))
    shadow = copy.deepcopy(net, {id(weight): weight for _, weight in weights})
    graph = fx.Graph()
    tracer = _Tracer(graph, {id(weight): name for name, weight in weights})
    for name, module in shadow.named_modules():
        if type(module).__module__.startswith(_STANDARD) and not isinstance(module, nn.Sequential):
            module.forward = functools.partial(_noted, tracer, name)
    given = tracer.create_proxy("placeholder", "inputs", (), {})
    found = shadow(given)
    if not isinstance(found, fx.Proxy):
        msg = f"expected a tensor, got {type(found).__name__}"
        raise TypeError(msg)
    graph.output(found.node)
    return graph


class _Tracer(GraphAppendingTracer):
    def __init__(self, graph: fx.Graph, names: dict[int, str]) -> None:
        super().__init__(graph)
        self._names = names

    def create_arg(self, a: Any) -> Any:
        """Let a net's own tensors be told by their names."""
        if isinstance(a, torch.Tensor) and id(a) in self._names:
            return self.create_node("get_attr", self._names[id(a)], (), {})
        return super().create_arg(a)


def _noted(tracer: _Tracer, name: str, *args: Any, **kwargs: Any) -> fx.Proxy:
    return tracer.create_proxy("call_module", name, args, kwargs)
