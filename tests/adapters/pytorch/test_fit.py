from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter.core.errors import ConfigurationError
from tests.adapters.pytorch.bench import IMAGES, LABELS, Bench, X, Y

CLASSES = np.arange(40) % 3
VALUES = X[:, :1]


def error_of(model, data, **settings) -> str:
    with torch.random.fork_rng(), pytest.raises(ConfigurationError) as error:
        Bench(model, data, **settings).adapter.close()
    message = str(error.value)
    assert "\n" not in message
    return message


def test_inputs_of_another_size_are_refused_with_both_shapes() -> None:
    message = error_of(nn.Linear(5, 2), (X, Y))
    assert "8x6 and 5x2" in message
    assert message.endswith("a batch has inputs (8, 6) float32 and targets (8,) int64.")


def test_a_convolution_on_a_table_is_refused() -> None:
    message = error_of(nn.Conv2d(3, 2, 3), (X, Y))
    assert message.startswith("Model, loss and data don't fit: Expected 3D (unbatched) or 4D (batched) input")


def test_too_few_outputs_are_refused_even_if_no_label_of_the_batch_is_too_high() -> None:
    ordered = np.array([0] * 39 + [2])
    expected = "Labels out of range: the data has labels up to 2, but the model has 2 outputs; give it 3."
    assert error_of(nn.Linear(6, 2), (X, ordered), validation=False) == expected
    assert error_of(nn.Linear(6, 2), (X, CLASSES)).startswith("Labels out of range: the data has labels up to 2")


def test_more_outputs_than_classes_are_fine() -> None:
    with torch.random.fork_rng(), Bench(nn.Linear(6, 9), (X, CLASSES)) as bench:
        assert np.isfinite(bench.step(2)).all()


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_a_built_in_loss_never_spreads_targets_over_outputs(loss: str) -> None:
    message = error_of(nn.Linear(6, 3), (X, VALUES), loss=loss)
    assert "the model gives (8, 3) where the loss compares with (8, 1)" in message


@pytest.mark.parametrize("loss", ["mse", nn.MSELoss, nn.functional.mse_loss])
def test_single_values_may_come_without_their_column(loss) -> None:
    """Compared as (n,) with (n, 1), every value would meet every other."""

    def trained(*tail: nn.Module) -> list[float]:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            with Bench(nn.Sequential(nn.Linear(6, 1), *tail), (X, VALUES[:, 0]), loss=loss) as bench:
                return bench.step(3)

    assert trained(nn.Flatten(0)) == trained()


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (
            nn.CrossEntropyLoss(reduction="none"),
            "loss: expected one number for the batch, got shape (8,); take its mean.",
        ),
        (lambda _outputs, _targets: 1.5, "loss: expected a tensor, got float."),
        (3, "loss: expected a name or a function of outputs and targets, got int."),
    ],
)
def test_a_loss_that_cannot_be_learnt_from_is_refused(loss, expected: str) -> None:
    assert error_of("mlp", (X, Y), loss=loss) == expected


def test_a_loss_by_name_is_of_one_output() -> None:
    class Two(nn.Linear):
        def forward(self, x):
            return super().forward(x), x

    assert error_of(Two(6, 2), (X, Y)) == "loss: there are several outputs (0, 1); say which, such as output: 0."


def test_the_last_batch_is_tried_as_well_as_the_first() -> None:
    """A single sample has no statistics; better refused now than at the end of an epoch."""
    with torch.random.fork_rng(), Bench(nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 2))) as bench:
        single = bench.adapter.batch(bench._placed, torch.tensor([0]), 0, 1)
        with pytest.raises(ConfigurationError, match="Expected more than 1 value per channel"):
            bench.adapter.check(bench.recipe, bench.state, single)


def test_an_error_of_the_users_own_code_is_theirs() -> None:
    class Broken(nn.Linear):
        def forward(self, x):
            return self.forgotten(x)

    with torch.random.fork_rng(), pytest.raises(AttributeError, match="forgotten"):
        Bench(Broken(6, 2))


@pytest.mark.parametrize("task", ["classes", "binary", "values"])
def test_each_task_has_a_loss_of_its_own(task: str) -> None:
    data = {"classes": (X, CLASSES), "binary": (X, Y), "values": (X, X[:, :2])}[task]
    with Bench("mlp", data, **({"loss": "bce"} if task == "binary" else {})) as bench:
        first, *_, last = bench.step(60)
    assert last < first


def test_trying_a_model_changes_nothing() -> None:
    with torch.random.fork_rng():
        net = nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 4))
    with Bench(net, (IMAGES, LABELS)) as bench:
        digest, generators = bench.digest(), bench.save().meta["generators"]
        assert net[2].num_batches_tracked.item() == 0
        for _ in range(2):
            bench.adapter.check(bench.recipe, bench.state, bench._batch(1))
        assert (bench.digest(), bench.save().meta["generators"]) == (digest, generators)
        assert generators == {}
        assert all(parameter.grad is None for parameter in net.parameters())
