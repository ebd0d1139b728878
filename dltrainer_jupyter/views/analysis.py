"""What a run's model is made of, what each layer costs, and how its numbers lay from epoch to epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, get_args

import numpy as np

from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.tracking import GraphNode
from dltrainer_jupyter.store.histograms import Kind
from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.numbers import number, numbers

_MOST_EPOCHS = 100
"""Histograms of an array that are given, evenly spaced, the last one among them."""
_INPUT = "Input"
KINDS: tuple[Kind, ...] = get_args(Kind)


def analysis(store: Store, run_id: str) -> dict[str, Any] | None:
    """Describe a run's model, layer by layer.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.

    Returns
    -------
    dict or None
        JSON types: ``layers`` in order, each with ``name``, ``type``, ``input_shape``, ``output_shape`` (of one
        sample), ``parameters``, ``trainable`` (how many of them are learnt), ``flops`` (operations for one sample) and
        ``milliseconds`` (for a batch of ``total.samples``); ``total`` of the same; ``notes`` in sentences. What nobody
        knows is None. None for a run whose model nobody has looked at yet.
    """
    graph = store.graph(run_id)
    return described(graph) if graph else None


def described(graph: Sequence[GraphNode]) -> dict[str, Any]:
    """Describe a model's graph as :func:`analysis` does."""
    nodes = [node for node in graph if node.kind != _INPUT]
    counted = [node.flops for node in nodes if node.flops is not None]
    timed = [node.milliseconds for node in nodes if node.milliseconds is not None]
    samples = next((node.samples for node in nodes if node.samples is not None), None)
    return {
        "layers": [_layer(node) for node in nodes],
        "total": {
            "parameters": sum(node.parameters + node.frozen for node in nodes),
            "trainable": sum(node.parameters for node in nodes),
            "flops": sum(counted) if counted else None,
            "milliseconds": number(math.fsum(timed)) if timed else None,
            "samples": samples,
        },
        "notes": _notes(nodes, samples, is_counted=bool(counted)),
    }


def _layer(node: GraphNode) -> dict[str, Any]:
    return {
        "name": node.name,
        "type": node.kind,
        "input_shape": None if node.input_shape is None else list(node.input_shape),
        "output_shape": None if node.shape is None else list(node.shape),
        "parameters": node.parameters + node.frozen,
        "trainable": node.parameters,
        "flops": node.flops,
        "milliseconds": number(node.milliseconds),
    }


def _notes(nodes: Sequence[GraphNode], samples: int | None, *, is_counted: bool) -> list[str]:
    notes = []
    if is_counted:
        notes.append(
            "FLOPs are of one sample, forward; a multiply-add counts as two. Biases, and what functions compute "
            "between layers, aren't counted."
        )
        if unknown := sorted({node.kind for node in nodes if node.flops is None}):
            notes.append(f"Not counted: {', '.join(unknown)}.")
    else:
        notes.append("FLOPs and shapes aren't known: nobody could call the model layer by layer.")
    if samples is not None:
        notes.append(
            f"Times are medians of a few passes over {samples:,} samples, measured once after the first epoch on the "
            "run's device, each layer by itself; small ones are mostly the calls."
        )
    return notes


def histogram_names(store: Store, run_id: str) -> dict[str, Any]:
    """Name the arrays and layers whose values were counted.

    Returns
    -------
    dict
        ``names`` by kind (``weights``, ``activations``, ``gradients``), and a ``note`` that says how to have more of
        them, or None where there is nothing to add.
    """
    names = store.histogram_names(run_id)
    missing = [kind for kind in KINDS if kind not in names]
    note = None
    if missing:
        note = (
            f"No {' or '.join(missing)} were measured; the setting "
            "histograms: {activations: true, gradients: true} has them measured after each epoch."
        )
    return {"names": names, "note": note}


def histograms(store: Store, run_id: str, kind: str, name: str) -> dict[str, Any]:
    """Say how the values of an array lay after each epoch.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    kind : {"weights", "activations", "gradients"}
        Which.
    name : str
        Of a parameter, or of a layer for activations.

    Returns
    -------
    dict
        ``epochs`` and, for each, ``edges`` (one more than counts) and ``counts``; of a long run 100 epochs, evenly
        spaced.

    Raises
    ------
    UnknownNameError
        If there is no such kind, or nothing of that name was measured; names what there is.
    """
    if kind not in KINDS:
        what = "kind of histogram"
        raise UnknownNameError(what, kind, KINDS)
    known = store.histogram_names(run_id).get(kind, [])
    if name not in known:
        what = f"array with {kind}" if known else f"array: no {kind} were measured, so there is none called"
        raise UnknownNameError(what, name, known)
    epochs = store.histogram_epochs(run_id)
    chosen = [epochs[at] for at in np.unique(np.linspace(0, len(epochs) - 1, _MOST_EPOCHS).round().astype(int))]
    found = store.histograms(run_id, kind=kind, name=name, only=chosen)
    return {
        "kind": kind,
        "name": name,
        "epochs": [it.epoch for it in found],
        "edges": [numbers(it.edges) for it in found],
        "counts": [it.counts.tolist() for it in found],
    }
