"""The form in which a processor computes a large convolutional net soonest gives what the net gives."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter.adapters.pytorch import predictor as predictors
from dltrainer_jupyter.adapters.pytorch.packed import packed
from tests.adapters.pytorch.bench import IMAGES, LABELS, Bench, seeded

IMAGE = torch.from_numpy(IMAGES[:1])


class Residual(nn.Module):
    """Has what can be folded, and uses of it that can't be."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1, bias=False)
        self.norm, self.pool, self.last = nn.BatchNorm2d(8), nn.MaxPool2d(2), nn.Linear(8 * 16, 4)
        self.scale = nn.Parameter(torch.full((8, 1, 1), 0.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.first(x)
        inner = functional.relu(self.norm(self.second(inner)) + inner) * self.scale
        return self.last(self.pool(inner).view(x.shape[0], -1))


class Branching(Residual):
    """Looks at values."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) if x.sum() > 0 else super().forward(-x)


def net(kind: type[nn.Module] = Residual) -> nn.Module:
    made = seeded(kind)
    made.norm.running_mean.normal_(generator=torch.Generator().manual_seed(3))
    return made.eval()


def test_it_gives_what_the_net_gives_and_leaves_the_net_alone() -> None:
    made = net()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    form = packed(made, IMAGE)
    assert form is not None
    with torch.inference_mode():
        for inputs in (IMAGE, torch.from_numpy(IMAGES[1:2])):
            torch.testing.assert_close(form(inputs), made(inputs), rtol=1e-4, atol=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())


def test_a_net_that_looks_at_values_or_is_watched_stays_as_it_is() -> None:
    assert packed(net(Branching), IMAGE) is None
    watched = net()
    watched.norm.register_forward_hook(lambda *_: None)
    assert packed(watched, IMAGE) is None


@pytest.mark.parametrize(("free", "is_packed"), [(1 << 40, True), (0, False)])
def test_a_large_net_is_packed_after_its_first_answer_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, free: int, *, is_packed: bool
) -> None:
    monkeypatch.setattr(predictors, "_LARGE", 100)
    monkeypatch.setattr(predictors, "free_here", lambda: free)
    with Bench(Residual, data=(IMAGES, LABELS)) as bench:
        bench.step(2)
        made = type(bench.adapter).predictor(bench.spec, bench.objects, bench.signature, bench.save().weights)
    first = made.outputs(IMAGES[:1])
    for thread in threading.enumerate():
        if thread.name == "dltrainer-pack":
            thread.join()
    assert (made._packed is not None and made._packed[1] is not None) == is_packed
    np.testing.assert_allclose(made.outputs(IMAGES[:1]), first, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(made.outputs(IMAGES[:3])[:1], first, rtol=1e-4, atol=1e-5)
