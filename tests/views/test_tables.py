from __future__ import annotations

import json
import math
import socket
from collections.abc import Callable

import numpy as np

from dltrainer_jupyter.core.records import BestRecord, EpochRecord
from dltrainer_jupyter.core.states import State
from dltrainer_jupyter.store import Store
from dltrainer_jupyter.store.attempts import Attempt
from dltrainer_jupyter.views.tables import epochs_table, run_document, run_row

Begin = Callable[..., Attempt]


def test_the_history_is_a_row_an_epoch() -> None:
    table = epochs_table(
        [
            EpochRecord(1, 4, {"train_loss": 1.0, "train_f1": 0.1, "learning_rate": 0.5}),
            EpochRecord(2, 8, {"train_loss": 0.5, "val_loss": 0.7, "val_f1": 0.2, "learning_rate": 0.5}),
        ]
    )
    assert list(table.columns) == ["epoch", "step", "learning_rate", "train_loss", "val_loss", "train_f1", "val_f1"]
    assert table["epoch"].tolist() == [1, 2]
    assert math.isnan(table["val_loss"][0])
    assert table["val_f1"][1] == 0.2


def test_before_the_first_epoch_the_table_is_empty_and_can_be_plotted() -> None:
    table = epochs_table([])
    assert list(table.columns) == ["epoch", "step", "learning_rate", "train_loss", "val_loss"]
    assert len(table) == 0
    assert [str(kind) for kind in table.dtypes] == ["int64", "int64", "float64", "float64", "float64"]


def test_a_run_in_one_row(store: Store, begin: Begin) -> None:
    begin(monitor="val_loss")
    row = run_row(store.run("run-1"))
    assert row | {"created_at": ""} == {
        "id": "run-1",
        "name": "run-1",
        "state": "running",
        "framework": "pytorch",
        "epoch": 0,
        "epochs": 10,
        "step": 0,
        "monitor": "val_loss",
        "best": None,
        "host": socket.gethostname(),
        "created_at": "",
    }


def test_the_document_holds_what_was_promised_as_strict_json(store: Store, begin: Begin) -> None:
    attempt = begin(epochs=3)
    attempt.curves({"train_loss": (1, np.ones(4, np.float32))})
    values = {"train_loss": float("nan"), "val_loss": 0.25}
    attempt.epoch(EpochRecord(1, 4, values), None, BestRecord("val_loss", "min", 0.25, 1, 4))
    attempt.end(State.STOPPED)
    document = json.loads(json.dumps(run_document(store, "run-1"), allow_nan=False))
    promised = (
        "id name state framework epoch step resume exact attempts train_seconds steps_per_second metrics checkpoints "
        "error"
    )
    assert set(promised.split()) <= set(document)
    assert document["metrics"] == [{"epoch": 1, "step": 4, "train_loss": None, "val_loss": 0.25}]
    assert (document["monitor"], document["best"]) == ("val_loss", 0.25)
    assert document["config"] == {"name": "run-1", "model": "mlp", "data": "digits", "epochs": 3}
    assert document["error"] is None
