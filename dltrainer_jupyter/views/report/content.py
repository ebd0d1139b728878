"""What a report of a run holds, in the order in which people ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views import facts
from dltrainer_jupyter.views.configuration import Dumper, flat
from dltrainer_jupyter.views.example_items import caption
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.views.report.blocks import Block, Lines, Picture, Pictures, Report, Section, Table
from dltrainer_jupyter.views.report.document import document
from dltrainer_jupyter.views.report.findings import findings
from dltrainer_jupyter.views.report.pictures import WIDTH, curves_picture
from dltrainer_jupyter.views.report.worst import worst
from dltrainer_jupyter.views.words import MISSING, metric

_ROWS = 30
"""Of a table that is read by people; the document has more."""
_SHOWN_LAYERS = 100


def content(store: Store, run_id: str, folder: Path, *, pictures: bool = True) -> Report:
    """Put a report together.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    folder : pathlib.Path
        Of the run on this host, where pictures of its examples lie.
    pictures : bool, default True
        Whether charts and examples are drawn.
    """
    with store.look():
        found, shown = document(store, run_id), snapshot(store, run_id)
        examples, note = worst(store, run_id, folder)
    sections = [
        _summary(found, shown),
        Section("Configuration", [Lines(_yaml(found["config"]), is_code=True)], "print(run.spec)"),
        _data(found),
        *_model(found),
        *_curves(shown, pictures=pictures),
        *findings(found, pictures=pictures),
        *_examples(examples, note, pictures=pictures),
        *_checkpoints(found),
        *_events(found),
        Section("Environment", [_pairs(flat(found["environment"]))], "run.record.environment"),
    ]
    return Report(found["run"]["name"], sections, found | {"examples": [_plain(item) for item in examples]})


def _summary(found: Mapping[str, Any], shown: Mapping[str, Any]) -> Section:
    run = found["run"]
    pairs = dict(facts.rows(shown)) | {
        "Framework": run["framework"],
        "Started": _when(run["created_at"]),
        "Resumes": "exact to the bit" if run["exact"] else f"{run['resume']}, not exact to the bit",
        "Report made": _when(found["made_at"]),
    }
    blocks: list[Block] = [_pairs(pairs)]
    if run["error"] and run["error"]["traceback"]:
        blocks.append(Lines(run["error"]["traceback"], is_code=True))
    return Section("Summary", blocks, f"from dltrainer_jupyter import tal\n\nrun = tal.get({run['id']!r})\nrun")


def _data(found: Mapping[str, Any]) -> Section:
    data = found["data"]
    pairs = {"Data set": ", ".join(_yaml(found["config"].get("data")).strip().split("\n"))}
    if data.get("task") is not None:
        pairs["Task"] = data["task"]
    if data.get("input_shape") is not None:
        pairs["Shape of a sample"] = _shape(data["input_shape"])
    if data.get("outputs") is not None:
        pairs["Outputs"] = str(data["outputs"])
    if data["labels"]:
        pairs["Classes"] = ", ".join(map(str, data["labels"]))
    if (divided := data.get("partition")) is not None:
        pairs["Divided"] = (
            f"{divided['train']:,} to train on, {divided['validation']:,} to validate on: {divided['how']}"
        )
    if data.get("class_weights"):
        pairs["Weights of classes"] = ", ".join(metric(weight) for weight in data["class_weights"][:_SHOWN_LAYERS])
    for label, steps in (("Samples are prepared", data.get("preparation")), ("Predictions", data.get("finish"))):
        if steps:
            pairs[label] = "; ".join(steps)
    return Section("Data", [_pairs(pairs)], "run.spec.data")


def _model(found: Mapping[str, Any]) -> list[Section]:
    model = found["model"]
    if model is None:
        return []
    rows = [
        (
            layer["name"],
            layer["type"],
            _shape(layer["input_shape"]),
            _shape(layer["output_shape"]),
            f"{layer['parameters']:,}",
            f"{layer['trainable']:,}",
            _whole(layer["flops"]),
            metric(layer["milliseconds"]),
        )
        for layer in model["layers"][:_SHOWN_LAYERS]
    ]
    total = model["total"]
    numbers = (f"{total['parameters']:,}", f"{total['trainable']:,}", _whole(total["flops"]))
    rows.append(("total", "", "", "", *numbers, metric(total["milliseconds"])))
    columns = ("layer", "type", "input", "output", "parameters", "trainable", "FLOPs", "ms")
    left_out = len(model["layers"]) - _SHOWN_LAYERS
    notes = [*model["notes"], *([f"{left_out:,} more layers are left out."] if left_out > 0 else [])]
    return [Section("Model", [Table(columns, rows), *map(Lines, notes)], "run.analysis()")]


def _curves(shown: Mapping[str, Any], *, pictures: bool) -> list[Section]:
    columns = shown["epochs"]
    names = [name for name in columns if name not in {"epoch", "step"}]
    if not names and not shown["curves"]:
        return []
    blocks: list[Block] = []
    if pictures and (png := curves_picture(shown)) is not None:
        blocks.append(Picture(png, "Curves of each metric over the steps, in training and validation.", WIDTH))
    epochs = columns["epoch"]
    at = _spaced(len(epochs))
    rows = [
        [f"{epochs[row]:,}", f"{columns['step'][row]:,}", *(metric(columns[it][row]) for it in names)] for row in at
    ]
    if rows:
        blocks.append(Table(["epoch", "step", *names], rows))
    if len(at) < len(epochs):
        blocks.append(Lines(f"{len(at):,} of {len(epochs):,} epochs, evenly spaced."))
    return [Section("Curves", blocks, 'run.plot("curves")')]


def _examples(examples: Sequence[Mapping[str, Any]], note: str | None, *, pictures: bool) -> list[Section]:
    if not examples:
        return [] if note is None else [Section("Worst examples", [Lines(note)])]
    drawn = [Picture(item["png"], caption(item), item["width"]) for item in examples if item["png"] is not None]
    names = [name for name in ("truth", "prediction", "confidence", "score", "loss") if _is_known(examples, name)]
    rows = [[f"{item['index']:,}", *(_cell(item[name]) for name in names)] for item in examples]
    blocks: list[Block] = [Pictures(drawn)] if drawn and pictures else []
    blocks.append(Table(["example", *names], rows))
    if note is not None:
        blocks.append(Lines(note))
    return [Section("Worst examples", blocks, 'run.plot("examples")')]


def _is_known(examples: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(item[name] is not None for item in examples)


def _cell(value: str | float | None) -> str:
    return value if isinstance(value, str) else metric(value)


def _checkpoints(found: Mapping[str, Any]) -> list[Section]:
    if not found["checkpoints"]:
        return []
    rows = [
        [
            f"{it['step']:,}",
            f"{it['epoch']:,}",
            ", ".join(it["kinds"]),
            it["digest"][:12],
            f"{it['bytes']:,}",
            it["path"],
        ]
        for it in found["checkpoints"][-_ROWS:]
    ]
    table = Table(["step", "epoch", "kinds", "digest", "bytes", "path"], rows)
    return [Section("Checkpoints", [table], "run.checkpoints")]


def _events(found: Mapping[str, Any]) -> list[Section]:
    if not found["events"]:
        return []
    rows = [
        [_when(it["at"]), "" if it["step"] is None else f"{it['step']:,}", it["kind"], it["message"]]
        for it in found["events"][-_ROWS:]
    ]
    return [Section("Events", [Table(["when", "step", "kind", "message"], rows)])]


# --- small helps ----------------------------------------------------------------------------------------


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in {"png", "width"}}


def _pairs(pairs: Mapping[str, Any]) -> Table:
    return Table(("", ""), [(str(key), MISSING if value is None else str(value)) for key, value in pairs.items()])


def _when(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _yaml(value: Any) -> str:
    written: str = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True)
    return written.removesuffix("...\n")


def _shape(shape: Sequence[int] | None) -> str:
    return MISSING if shape is None else "×".join(map(str, shape)) or "1"


def _whole(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"


def _spaced(count: int) -> list[int]:
    if count <= _ROWS:
        return list(range(count))
    return sorted({round(at * (count - 1) / (_ROWS - 1)) for at in range(_ROWS)})
