"""A convolutional net as a processor computes it soonest: normalisation folded into weights, sums and ReLUs in one go.

What lives here: making that form of a net that was traced without values, and comparing the two. What does not: when it
is made and used (``predictor``). The net itself isn't touched; what isn't convolution is shared with it.

The function that puts weights in order has no public name; where it isn't there, or anything else is in the way, there
is no such form.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dltrainer_jupyter.adapters.pytorch.hooks import all_have_hooks, has_hooks
from dltrainer_jupyter.adapters.pytorch.tracing import traced

_TOLERANCE = 1e-4
"""How much outputs may differ, as a share of the largest one."""
_RELU: tuple[Any, ...] = (torch.relu, torch.relu_, functional.relu, functional.relu_, "relu", "relu_")
_ADD: tuple[Any, ...] = (operator.add, torch.add, "add")
_ADD_IN_PLACE: tuple[Any, ...] = (operator.iadd, "add_")


def packed(net: nn.Module, inputs: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Make the form of a net for inputs of one shape; it has weights of its own for what it convolves.

    Parameters
    ----------
    net : torch.nn.Module
        In evaluation mode, on the processor.
    inputs : torch.Tensor, shape (n, channels, height, width)
        A batch to try it with.

    Returns
    -------
    callable or None
        None where it can't be made, or doesn't give what the net gives.
    """
    if all_have_hooks() or any(map(has_hooks, net.modules())):
        return None
    try:
        with torch.inference_mode():
            expected = net(inputs.clone())
            form = _made(net, inputs)
            return form if form is not None and _is_same(form(inputs.clone()), expected) else None
    except Exception:  # noqa: BLE001 - a person's own net may raise anything, and is called as it is then
        return None


def _is_same(found: Any, expected: Any) -> bool:
    both = (found, expected)
    if not all(isinstance(one, torch.Tensor) and one.is_floating_point() for one in both):
        return False
    bound = _TOLERANCE * expected.abs().max()
    return bool(found.shape == expected.shape and (found - expected).abs().max() <= bound)


class _Convolution(nn.Module):
    """A convolution with its weights in the order that the kernel wants, and what follows it."""

    weight: torch.Tensor

    def __init__(self, of: nn.Conv2d, size: list[int], *, rectifies: bool) -> None:
        super().__init__()
        self._how: tuple[Any, ...] = (of.padding, of.stride, of.dilation, of.groups)
        order: Any = torch._C._nn.mkldnn_reorder_conv2d_weight  # noqa: SLF001
        self.weight = order(of.weight.detach().to_mkldnn(), *self._how, size)
        self._bias = None if of.bias is None else of.bias.detach().to_mkldnn()
        self._rectifies = rectifies

    def forward(self, inputs: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        convolved = torch.mkldnn_convolution(_closed(inputs), self.weight, self._bias, *self._how)
        if other is not None:
            convolved += _closed(other)
        return convolved.relu_() if self._rectifies else convolved


def _closed(given: torch.Tensor) -> torch.Tensor:
    return given if given.is_mkldnn else given.to_mkldnn()


def _made(net: nn.Module, inputs: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor] | None:
    graph = traced(net)
    parts: dict[str, Any] = {
        node.target: operator.attrgetter(node.target)(net)
        for node in graph.nodes
        if node.op in ("call_module", "get_attr")
    }
    _Sizes(fx.GraphModule(parts, graph)).run(inputs.clone())
    before = len(parts)
    for node in list(graph.nodes):
        if _is_plain_convolution(node, parts):
            _pack(graph, node, parts)
    if len(parts) == before:
        return None
    _open(graph, parts)
    return fx.GraphModule(parts, graph)


def _open(graph: fx.Graph, parts: dict[str, Any]) -> None:
    """Let all others have tensors that lie as they know them: what convolutions give lies in blocks."""
    closed: set[fx.Node] = set()
    for node in list(graph.nodes):
        part = parts[node.target] if node.op == "call_module" else None
        pools = type(part) is nn.MaxPool2d and node.args[0] in closed and not part.return_indices
        if isinstance(part, _Convolution) or pools:
            closed.add(node)
        else:
            for one in [one for one in node.all_input_nodes if one in closed]:
                with graph.inserting_before(node):
                    node.replace_input_with(one, graph.call_method("to_dense", (one,)))


class _Sizes(fx.Interpreter):
    """Notes the shape of everything that is computed."""

    def run_node(self, n: fx.Node) -> Any:
        found = super().run_node(n)
        n.meta["size"] = list(found.shape) if isinstance(found, torch.Tensor) else None
        return found


def _is_plain_convolution(node: fx.Node, parts: dict[str, Any]) -> bool:
    part = parts.get(node.target) if node.op == "call_module" else None  # type: ignore[arg-type]
    return (
        type(part) is nn.Conv2d
        and part.padding_mode == "zeros"
        and not isinstance(part.padding, str)
        and part.weight.dtype == torch.float32
        and len(node.args) == 1
        and len(node.args[0].meta["size"]) == 4  # type: ignore[union-attr] # noqa: PLR2004 - else it has no batch
    )


def _pack(graph: fx.Graph, node: fx.Node, parts: dict[str, Any]) -> None:
    """Replace a convolution, with what follows it, by one part."""
    convolution, inputs, last = parts[node.target], node.args[0], node  # type: ignore[index]
    done = [node]
    if (follows := _only_user(last)) and _is_normalisation(follows, parts):
        convolution = fuse_conv_bn_eval(convolution, parts[follows.target])  # type: ignore[index]
        done.append(last := follows)
    other = None
    if (follows := _only_user(last)) and (other := _added(follows, last)) is not None:
        done.append(last := follows)
    rectifies = False
    if (follows := _only_user(last)) and _is_relu(follows, parts):
        rectifies = True
        done.append(last := follows)
    name = f"packed_{len(parts)}"
    parts[name] = _Convolution(convolution, inputs.meta["size"], rectifies=rectifies)  # type: ignore[union-attr]
    with graph.inserting_after(last):
        new = graph.create_node("call_module", name, (inputs,) if other is None else (inputs, other))
    new.meta["size"] = last.meta["size"]
    last.replace_all_uses_with(new)
    for gone in reversed(done):
        graph.erase_node(gone)


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _is_normalisation(node: fx.Node, parts: dict[str, Any]) -> bool:
    part = parts[node.target] if node.op == "call_module" else None  # type: ignore[index]
    return type(part) is nn.BatchNorm2d and part.running_mean is not None and not part.training


def _is_relu(node: fx.Node, parts: dict[str, Any]) -> bool:
    if node.op == "call_module":
        return type(parts[node.target]) is nn.ReLU  # type: ignore[index]
    return node.op in ("call_function", "call_method") and node.target in _RELU


def _added(node: fx.Node, to: fx.Node) -> fx.Node | None:
    """Give what is added to something, if a node does that and no more."""
    if node.op not in ("call_function", "call_method") or len(node.args) != 2 or node.kwargs:  # noqa: PLR2004
        return None
    first, second = node.args
    if node.target in _ADD_IN_PLACE and first is to:
        other = second
    elif node.target in _ADD:
        other = second if first is to else first
    else:
        return None
    is_fit = isinstance(other, fx.Node) and other is not to and other.meta["size"] == to.meta["size"]
    return other if is_fit else None  # type: ignore[return-value]
