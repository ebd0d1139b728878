"""What a model says of itself, held against the machine."""

from __future__ import annotations

import pytest

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import MissingPackageError
from dltrainer_jupyter.core.spec import Part, RunSpec
from dltrainer_jupyter.loop.suiting import memory_note, refuse_missing_framework
from dltrainer_jupyter.machine.gpus import Gpu
from dltrainer_jupyter.models.mlp import MLP

SPEC = RunSpec(model="mlp", data="digits")


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("cpu", "this run trains on the CPU"),
        ("cuda:0", "and Small has 4.0: if it runs out of memory"),
        ("cuda", "and Small has 4.0"),
        ("GPU:1", None),
        ("cuda:7", None),
    ],
)
def test_the_gpu_that_trains_is_looked_at(device: str, said: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = [Gpu("Small", None, 0, 4 * 10**9), Gpu("Large", None, 0, 80 * 10**9)]
    assert memory_note(SPEC, device, lambda: gpus) is None
    monkeypatch.setattr(MLP, "min_gpu_memory_gb", 8, raising=False)
    note = memory_note(SPEC, device, lambda: gpus)
    assert note is None if said is None else note is not None and said in note


@pytest.mark.parametrize(
    ("model", "there", "said"),
    [
        ("mlp", {"tensorflow", "jax"}, "no torch, or set framework: jax, which is installed"),
        ("mlp", {"tensorflow"}, "no torch, or set framework: tensorflow, which is installed"),
        ("mlp", set(), "no torch"),
        ("unet", {"tensorflow", "jax"}, "no torch"),
        ("unknown", {"tensorflow", "jax"}, "no torch"),
    ],
)
def test_of_a_missing_framework_another_one_is_named(
    model: str, there: set[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_kind: str, name: str) -> None:
        if name not in there:
            msg = "no torch"
            raise MissingPackageError(msg)

    monkeypatch.setattr(registry, "check", check)
    with pytest.raises(MissingPackageError) as refused:
        refuse_missing_framework(SPEC.model_copy(update={"model": Part(type=model)}))
    assert str(refused.value) == said
