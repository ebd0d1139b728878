"""What can't be had is refused by name, before a run is recorded; never left out in silence."""

# ruff: noqa: ARG005 - what a method would be given has names that matter here

from __future__ import annotations

from typing import Any

import pytest
import torch
from torchmetrics import Accuracy

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.recipes.lightning.fit import Fit
from dltrainer_jupyter.recipes.lightning.recipe import Lightning
from tests.recipes.lightning.bench import Bench, X, Y
from tests.recipes.lightning.modules import Adversaries, Classifier, Scheduled


def having(**members: Any) -> type:
    return type("Own", (Classifier,), members)


def submitted(model: Any, **settings: Any) -> None:
    tal.train(model=model, data=(X, Y), recipe="lightning", **settings)


def refused(model: Any, message: str, **settings: Any) -> None:
    with pytest.raises(ConfigurationError, match=message):
        submitted(model, **settings)
    assert len(tal.runs()) == 0


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("configure_callbacks", "use early_stopping and checkpoint"),
        ("train_dataloader", "pass the loader as data="),
        ("val_dataloader", "pass the validation data"),
        ("configure_sharded_model", "use configure_model"),
        ("training_epoch_end", "use on_train_epoch_end"),
        ("validation_epoch_end", "use on_validation_epoch_end"),
    ],
)
def test_methods_that_only_the_trainer_could_call(name, instead) -> None:
    refused(having(**{name: lambda self: []})(), rf"Own\.{name} can't be used here: .*{instead}")


@pytest.mark.parametrize("step", ["training_step", "validation_step"])
def test_steps_that_take_something_else(step) -> None:
    refused(having(**{step: lambda self, dataloader_iter: None})(), rf"Own\.{step} takes dataloader_iter")
    refused(
        having(**{step: lambda self, batch, batch_idx, optimizer_idx: None})(), "optimizer_idx, which Lightning removed"
    )
    refused(
        having(**{step: lambda self, batch, batch_idx, dataloader_idx: None})(),
        "needs dataloader_idx, .* a default of 0",
    )


@pytest.mark.parametrize("name", ["training_step", "configure_optimizers"])
def test_a_module_that_does_not_say_how_it_learns(name) -> None:
    base = Classifier.__mro__[1]
    refused(having(**{name: getattr(base, name)})(), f"Own has no {name}")


def test_something_else_than_a_module() -> None:
    refused(torch.nn.Linear(64, 10), "the recipe 'lightning' trains a LightningModule, got Linear")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"metrics": ["accuracy"]}, "metrics: .* log it in the module"),
        ({"loss": "cross_entropy"}, "loss: .* compute it in training_step"),
        ({"optimizer": "sgd"}, "optimizer: .* return it from configure_optimizers"),
        ({"optimizer": "adam"}, "optimizer: .* return it from configure_optimizers"),
    ],
)
def test_settings_for_what_a_module_brings_itself(settings, message) -> None:
    refused(Classifier(), message, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"gradient_accumulation": 2}, "gradient_accumulation: can't be done for manual .* n-th batch"),
        ({"gradient_clipping": 1.0}, "gradient_clipping: .* call self.clip_gradients"),
        ({"on_nan": "skip"}, "on_nan: skip can't be done for manual"),
        ({"precision": "16-mixed"}, "precision: 16-mixed can't be done for manual"),
    ],
)
def test_settings_that_manual_optimization_does_not_have(settings, message) -> None:
    refused(Adversaries(), message, **settings)


def test_optimizers_that_cannot_be_followed() -> None:
    def two(self: Any) -> Any:
        return [torch.optim.SGD(part.parameters(), 0.1) for part in (self.net[0], self.net[3])]

    refused(having(configure_optimizers=two)(), "2 optimizers need manual optimization")
    lbfgs = having(configure_optimizers=lambda self: {"optimizer": torch.optim.LBFGS(self.parameters())})
    refused(lbfgs(), "LBFGS evaluates the loss several times")


def test_what_shows_only_with_a_trainer_is_said_when_the_module_is_built() -> None:
    def configure_optimizers(self: Any) -> Any:
        assert self.trainer.max_epochs
        return torch.optim.LBFGS(self.parameters())

    module = having(configure_optimizers=configure_optimizers)
    with pytest.raises(ConfigurationError, match="LBFGS evaluates the loss several times"):
        Bench(module)


def test_parameters_that_no_checkpoint_would_keep() -> None:
    def configure_optimizers(self: Any) -> Any:
        return torch.optim.SGD([*self.parameters(), torch.nn.Parameter(torch.ones(2))], 0.1)

    with pytest.raises(ConfigurationError, match="1 parameters of SGD don't belong to the module"):
        Bench(having(configure_optimizers=configure_optimizers))


@pytest.mark.parametrize("name", ["fit_loop", "checkpoint_callback", "save_checkpoint", "validate", "train_dataloader"])
def test_what_only_the_trainer_has_is_missed_by_name(name) -> None:
    module = having(on_train_start=lambda self: getattr(self.trainer, name))
    with Bench(module) as bench, pytest.raises(ConfigurationError, match=rf"self\.trainer\.{name} isn't there"):
        bench.fit(1)


def test_what_a_trainer_would_do_is_not_left_out() -> None:
    def stop(self: Any) -> None:
        self.trainer.should_stop = True

    def skip(self: Any, batch: Any, batch_idx: int) -> int:
        return -1

    for module, message in (
        (having(on_train_epoch_end=stop), "should_stop can't be set here; use early_stopping"),
        (having(on_train_batch_start=skip), "on_train_batch_start returned -1"),
        (having(training_step=lambda self, batch, batch_idx: {"outputs": 1}), "got a mapping without 'loss'"),
        (
            having(on_save_checkpoint=lambda self, checkpoint: checkpoint["state_dict"]),
            r"checkpoint\['state_dict'\] isn't",
        ),
    ):
        with Bench(module) as bench, pytest.raises(ConfigurationError, match=message):
            bench.fit().save()


def test_a_scheduler_that_waits_for_what_nobody_logs() -> None:
    class Waiting(Scheduled):
        def configure_optimizers(self) -> Any:
            found = super().configure_optimizers()
            return found | {"monitor": "val_accuracy_of_mine"}

    with (
        Bench(lambda: Waiting("plateau")) as bench,
        pytest.raises(ConfigurationError, match="waits for 'val_accuracy_of_mine', .* logged are .*val_loss"),
    ):
        bench.fit()


def test_one_that_need_not_be_there_is_passed_over_with_a_warning() -> None:
    class Lenient(Scheduled):
        def configure_optimizers(self) -> Any:
            found = super().configure_optimizers()
            return {
                "optimizer": found["optimizer"],
                "lr_scheduler": {"scheduler": found["lr_scheduler"], "monitor": "absent", "strict": False},
            }

    with Bench(lambda: Lenient("plateau"), 1) as bench, pytest.warns(RuntimeWarning, match="waits for 'absent'"):
        bench.fit()
    assert bench.recipe.own_rate(bench.state) == 0.1


def test_what_a_function_makes_is_looked_at_when_it_is_built() -> None:
    module = having(configure_callbacks=lambda self: [])
    Lightning.check_model(lambda: module(), Bench(Classifier).spec)  # noqa: PLW0108 - a function, not the class
    with pytest.raises(ConfigurationError, match=r"Own\.configure_callbacks can't be used here"):
        Fit(module(), spec=None, course=None, datamodule=None)


def test_a_metric_of_several_numbers() -> None:
    class PerClass(Classifier):
        def __init__(self) -> None:
            super().__init__()
            self.each = Accuracy(task="multiclass", num_classes=10, average=None)

        def validation_step(self, batch: Any, batch_idx: int) -> None:
            self.each.update(self(batch[0]), batch[1])
            self.log("each", self.each)

    with Bench(PerClass) as bench, pytest.raises(ConfigurationError, match="'each' has 10 values"):
        bench.fit()
