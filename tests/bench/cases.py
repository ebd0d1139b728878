"""The cases by name, and what is wanted of each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from tests.bench.loops import Loop
from tests.bench.measures import (
    checkpoints,
    endurance,
    examining,
    history,
    inference,
    prediction,
    serving,
    starting,
    steering,
    tracking,
)
from tests.bench.report import Row

Case = Callable[[argparse.Namespace], list[Row]]

_PYTORCH_PEERS = ("ignite_engine", "fabric", "accelerate_loop", "huggingface", "skorch_net")


def _pytorch(**wanted: float) -> dict[str, float | None]:
    """Give PyTorch's peers, with the ratios that are wanted."""
    return {"tight": None, "plain": None, "ours_pytorch_loader": None, **dict.fromkeys(_PYTORCH_PEERS), **wanted}


CASES: dict[str, Case] = {
    "loop-mlp-pytorch": Loop("mlp", "ours_pytorch", _pytorch(tight=0.93, plain=1.8), (1, 5)),
    "loop-mlp-pytorch-compiled": Loop("mlp", "ours_pytorch_compiled", {"tight": 1.2, "ours_pytorch": None}, (1, 5)),
    "loop-cnn-pytorch": Loop("cnn", "ours_pytorch", _pytorch(tight=0.98)),
    "loop-cnn-pytorch-busy": Loop("cnn", "ours_pytorch", {"plain": 3.0, "tight": None}, busy=True),
    "loop-transformer-pytorch": Loop("transformer", "ours_pytorch", {"tight": None, "plain": None}),
    "loop-mlp-keras": Loop("mlp", "ours_keras", {"keras_fit": 5.0, "tf_function": None}, (1, 5)),
    "loop-cnn-keras": Loop("cnn", "ours_keras", {"keras_fit": 1.0, "tf_function": None}),
    "loop-transformer-keras": Loop("transformer", "ours_keras", {"keras_fit": None, "tf_function": None}),
    "loop-mlp-jax": Loop("mlp", "ours_jax", {"jax_plain": 5.0}, (1, 21)),
    "loop-cnn-jax": Loop("cnn", "ours_jax", {"jax_plain": None}),
    "loop-transformer-jax": Loop("transformer", "ours_jax", {"jax_plain": None}),
    "loop-mlp-lightning": Loop(
        "mlp", "ours_lightning", {"lightning_trainer": 2.5, "ours_lightning_loader": None, "plain": None}
    ),
    "gpu-resnet50": Loop("resnet50", "ours_on_gpu", {"tight_on_gpu": 0.99}, (1, 6)),
    "gpu-gpt": Loop("gpt", "ours_on_gpu", {"tight_on_gpu": 0.99}, (1, 3)),
    "kernel-latency-thread": steering.in_a_thread,
    "kernel-latency-process": steering.in_a_process,
    "pause-latency": steering.pausing,
    "stop-latency": steering.stopping,
    "start-load-ext": starting.load_ext,
    "start-cell": starting.cell_and_curve,
    "checkpoint-stall": checkpoints.stall,
    "checkpoint-share": checkpoints.share,
    "history-logging": history.logging,
    "history-query": history.querying,
    "history-memory": history.memory,
    "examining": examining.examining,
    "inference": inference.predicting,
    "predict-digit": prediction.digit,
    "predict-large": prediction.large,
    "inference-while-training": endurance.a_thousand_predictions,
    "serving-lists": serving.listing,
    "serving-stream": serving.streaming,
    "tracking-mlflow": tracking.mlflow_cost,
    "tracking-mlflow-away": tracking.mlflow_away,
    "long-run": endurance.long_run,
    "paused-cpu": endurance.paused,
}
"""By name, in the order in which they run."""


def chosen(words: Sequence[str]) -> list[str]:
    """Give the cases of some names, or of names that begin so; all without any."""
    wanted = {name for word in words for name in CASES if name == word or (word not in CASES and name.startswith(word))}
    return [name for name in CASES if name in wanted or not words]
