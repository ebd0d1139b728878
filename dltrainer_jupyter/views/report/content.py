"""What a report of a run holds, in the order in which people ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from dltrainer_jupyter.store.store import Store
from dltrainer_jupyter.views.configuration import Dumper
from dltrainer_jupyter.views.families import families, last, split
from dltrainer_jupyter.views.live import snapshot
from dltrainer_jupyter.views.report.blocks import Block, Lines, Picture, Pictures, Report, Section, Table
from dltrainer_jupyter.views.report.document import document
from dltrainer_jupyter.views.report.pictures import WIDTH, confusion_picture, curves_picture
from dltrainer_jupyter.views.report.worst import worst
from dltrainer_jupyter.views.words import MISSING, duration, metric

_ROWS = 30
"""Of a table that is read by people; the document has more."""
_SHOWN_LAYERS = 100


def content(store: Store, run_id: str, *, pictures: bool = True) -> Report:
    """Put a report together.

    Parameters
    ----------
    store : Store
        Where the run is.
    run_id : str
        Which run.
    pictures : bool, default True
        Whether charts and examples are drawn.
    """
    with store.look():
        found, shown = document(store, run_id), snapshot(store, run_id)
        examples, note = worst(store, run_id)
    sections = [
        _summary(found, shown),
        Section("Configuration", [Lines(_yaml(found["config"]), is_code=True)], "print(run.spec)"),
        _data(found),
        *_model(found),
        *_curves(shown, pictures=pictures),
        *_classes(found, shown, pictures=pictures),
        *_examples(examples, note, pictures=pictures),
        *_checkpoints(found),
        *_events(found),
        Section("Environment", [_pairs(_flat(found["environment"]))], "run.record.environment"),
    ]
    return Report(found["run"]["name"], sections, found | {"examples": [_plain(item) for item in examples]})


def _summary(found: Mapping[str, Any], shown: Mapping[str, Any]) -> Section:
    run, best, progress = found["run"], found["best"], shown["progress"]
    pairs = {"Run": f"{run['name']} ({run['id']})", "State": run["state"], "Framework": run["framework"]}
    if run["error"]:
        pairs["Error"] = run["error"]["message"]
    pairs["Epochs"] = f"{progress['epoch']:,} of {progress['epochs']:,} ({progress['step']:,} steps)"
    if best:
        pairs[f"Best {best['metric']}"] = f"{metric(best['value'])} (epoch {best['epoch']:,}, step {best['step']:,})"
    for name, members in families(shown["epochs"], shown["monitor"]).items():
        values = [f"{split(member)[1]} {metric(last(shown['epochs'][member]))}".strip() for member in members]
        pairs[f"Final {name}"] = ", ".join(values)
    pairs["Trained"] = f"{duration(run['train_seconds'])} on {run['device'] or 'no device yet'}"
    pairs["Started"] = run["created_at"]
    pairs["Resumes"] = f"{run['resume']}, {'exact to the bit' if run['exact'] else 'not exact to the bit'}"
    blocks: list[Block] = [_pairs(pairs)]
    if run["error"] and run["error"]["traceback"]:
        blocks.append(Lines(run["error"]["traceback"], is_code=True))
    return Section("Summary", blocks, f"from dltrainer_jupyter import tal\n\nrun = tal.get({run['id']!r})\nrun")


def _data(found: Mapping[str, Any]) -> Section:
    data = found["data"]
    pairs = {"Data set": _yaml(found["config"].get("data")).strip()}
    for key, words in (("task", "Task"), ("input_shape", "Shape of a sample"), ("outputs", "Outputs")):
        if data.get(key) is not None:
            pairs[words] = str(data[key])
    if data["labels"]:
        pairs["Classes"] = ", ".join(map(str, data["labels"]))
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


def _classes(found: Mapping[str, Any], shown: Mapping[str, Any], *, pictures: bool) -> list[Section]:
    if found["confusion"] is None:
        return []
    epoch = found["confusion"]["epoch"]
    blocks: list[Block] = []
    if pictures:
        words = f"Confusion matrix of the validation after epoch {epoch:,}: true classes down, predicted ones across."
        png, width = confusion_picture(found["confusion"], shown["run"]["id"])
        blocks.append(Picture(png, words, width))
    rows = [
        [it["label"], f"{it['support']:,}", f"{it['predicted']:,}", *(metric(it[key]) for key in _SCORES)]
        for it in found["classes"]
    ]
    blocks.append(Table(["class", "examples", "predicted", *_SCORES], rows))
    return [Section(f"Classes after epoch {epoch:,}", blocks, 'run.plot("confusion")')]


_SCORES = ("precision", "recall", "f1")


def _examples(examples: Sequence[Mapping[str, Any]], note: str | None, *, pictures: bool) -> list[Section]:
    if not examples:
        return [] if note is None else [Section("Worst examples", [Lines(note)])]
    drawn = [
        Picture(item["png"], f"{item['prediction']} instead of {item['truth']}", item["width"])
        for item in examples
        if item["png"] is not None
    ]
    rows = [
        [
            f"{item['index']:,}",
            item["truth"] or MISSING,
            item["prediction"] or MISSING,
            metric(item["confidence"]),
            metric(item["loss"]),
        ]
        for item in examples
    ]
    blocks: list[Block] = [Pictures(drawn)] if drawn and pictures else []
    blocks.append(Table(["example", "truth", "prediction", "confidence", "loss"], rows))
    if note is not None:
        blocks.append(Lines(note))
    return [Section("Worst examples", blocks, 'run.plot("examples")')]


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
        [it["at"], "" if it["step"] is None else f"{it['step']:,}", it["kind"], it["message"]]
        for it in found["events"][-_ROWS:]
    ]
    return [Section("Events", [Table(["when", "step", "kind", "message"], rows)])]


# --- small helps ----------------------------------------------------------------------------------------


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in {"png", "width"}}


def _pairs(pairs: Mapping[str, Any]) -> Table:
    return Table(("", ""), [(str(key), str(value)) for key, value in pairs.items()])


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found


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
