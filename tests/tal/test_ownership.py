"""A run trains its own copy of what the notebook hands over, unless it is asked for the object itself."""

from __future__ import annotations

import copy
import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import CheckpointError, ConfigurationError
from dltrainer_jupyter.executors import held
from tests.tal.subject import MANY_X, MANY_Y, X, Y, long, net, quick, same, values_of
from tests.waiting import until


class Locked(nn.Linear):
    """Can be neither pickled nor copied."""

    def __init__(self) -> None:
        super().__init__(6, 2)
        self.lock = threading.Lock()


class Unpicklable(nn.Linear):
    """Can be copied, not pickled."""

    def __init__(self) -> None:
        super().__init__(6, 2)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(self.dropout(x))

    def __deepcopy__(self, memo: dict[int, Any]) -> Unpicklable:
        twin = Unpicklable()
        twin.load_state_dict(self.state_dict())
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        msg = "not today"
        raise TypeError(msg)


def quietly(kind: type[nn.Module]) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return kind()


def snapshot(model: nn.Module) -> Any:
    """Everything about a model that a person could notice a change of."""
    return [
        (type(module), module.training, {k: v for k, v in vars(module).items() if not k.startswith("_")},
         len(module._forward_hooks), len(module._forward_pre_hooks), len(module._backward_hooks),
         [parameter.requires_grad for parameter in module.parameters()], [p.grad for p in module.parameters()])
        for module in model.modules()
    ]  # fmt: skip


# --- a copy -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
def test_ones_model_stays_as_it_is(training: bool) -> None:
    model = net().train(training)
    model[0].weight.requires_grad_(requires_grad=False)
    weights, everything, generator = values_of(model), snapshot(model), torch.get_rng_state()
    run = quick(model=model, learning_rate=0.1)
    run.best.predict(X)
    assert not same(values_of(run.best.model()), weights)
    assert same(values_of(model), weights)
    assert snapshot(model) == everything
    assert torch.equal(torch.get_rng_state(), generator)


def test_ones_optimizer_loss_and_metrics_stay_as_they_are() -> None:
    from torchmetrics.classification import MulticlassAccuracy

    model = net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    groups = copy.deepcopy(optimizer.state_dict())
    loss, metric = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0])), MulticlassAccuracy(2)
    run = quick(model=model, optimizer=optimizer, loss=loss, metrics=[metric])
    assert run.state == "completed", run.error
    assert optimizer.state_dict() == groups
    assert metric._update_count == 0
    assert "val_MulticlassAccuracy" in run.metrics()


def test_ones_arrays_stay_as_they_are_and_may_change_afterwards() -> None:
    inputs, targets = MANY_X.copy(), MANY_Y.copy()
    undisturbed = quick(data=(MANY_X, MANY_Y), epochs=4, batch_size=16)
    with long(data=(inputs, targets), epochs=4, batch_size=16) as run:
        assert np.array_equal(inputs, MANY_X)
        inputs[:] = np.nan
        targets[:] = 0
        run.wait(60)
    assert run.last.record.digest == undisturbed.last.record.digest


def test_changing_ones_model_in_another_cell_changes_nothing() -> None:
    settings: dict[str, Any] = {"data": (MANY_X, MANY_Y), "epochs": 4, "batch_size": 16}
    undisturbed = quick(model=net(), **settings)
    model = net()
    with long(model=model, **settings) as run:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.fill_(float("nan"))
        model.eval()
        run.wait(60)
    assert run.last.record.digest == undisturbed.last.record.digest


def test_two_runs_of_one_model_are_independent() -> None:
    model = net()
    settings: dict[str, Any] = {"model": model, "data": (MANY_X, MANY_Y), "epochs": 3, "batch_size": 16}
    with long(**settings) as first, long(**settings) as second:
        first.wait(60)
        second.wait(60)
    assert first.last.record.digest == second.last.record.digest == quick(**settings).last.record.digest


# --- the object itself --------------------------------------------------------------------------------------


def test_in_place_trains_the_object_itself_and_gives_it_back_whole() -> None:
    model, before = net(), values_of(net())
    layers = [(type(module), module.extra_repr()) for module in model.modules()]
    run = quick(model=model, in_place=True, learning_rate=0.1)
    assert not same(values_of(model), before)
    assert same(values_of(model), values_of(run.last.model()))
    assert [(type(module), module.extra_repr()) for module in model.modules()] == layers
    assert all(not hasattr(module, "generators") for module in model.modules())
    assert run.last.record.digest == quick(model=net(), learning_rate=0.1).last.record.digest


def test_in_place_gives_images_weights_back_as_they_lay() -> None:
    model = quietly(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 2)))
    before, images = model[0].weight.stride(), np.random.default_rng(0).normal(size=(40, 3, 8, 8)).astype(np.float32)
    assert quick(model=model, data=(images, Y), in_place=True).state == "completed"
    assert model[0].weight.stride() == before
    assert model[0].weight.view(-1).shape == model[0].weight.grad.view(-1).shape


def test_in_place_gives_the_object_back_whole_after_a_failure_too() -> None:
    model = net()
    run = quick(model=model, in_place=True, loss=lambda outputs, _: outputs.sum() * float("nan"))
    assert run.state == "failed"
    assert [type(module) for module in model] == [type(module) for module in net()]


def test_predicting_while_the_object_itself_is_trained() -> None:
    model = net()
    with long(model=model, in_place=True) as run:
        until(lambda: run.checkpoints)
        found = run.last.model()
        assert found is not model
        assert type(found[3]) is nn.Dropout
        assert run.last.predict(X).shape == (40,)


def test_another_process_cannot_train_the_object_itself() -> None:
    with pytest.raises(ConfigurationError, match="in_place: the executor 'process' trains in another process"):
        tal.train(model=net(), data=(X, Y), in_place=True, executor="process")
    assert tal.runs() == []


# --- what can't be pickled ----------------------------------------------------------------------------------


def test_what_cannot_be_pickled_is_copied_and_says_at_once_that_it_is_bound_to_the_kernel(capsys: Any) -> None:
    model = quietly(Unpicklable)
    before = values_of(model)
    run = quick(model=model, learning_rate=0.1, verbose=True)
    notice = "This run can't outlive this process: model can't be pickled (not today)."
    assert capsys.readouterr().err.strip() == notice
    assert (run.state, run.record.rebuildable) == ("completed", False)
    assert [event.message for event in run.store.events(run.id) if event.kind == "kernel_bound"] == [notice]
    assert same(values_of(model), before)
    assert run.best.predict(X).shape == (40,)
    assert not (run.folder / "objects.pkl").exists()


def test_what_cannot_be_copied_either_is_trained_itself_and_that_is_said(capsys: Any) -> None:
    model = quietly(Locked)
    before = values_of(model)
    run = quick(model=model, learning_rate=0.1, verbose=True)
    assert run.state == "completed"
    said = capsys.readouterr().err
    assert "This run can't outlive this process: model can't be pickled (cannot pickle '_thread.lock' object)." in said
    assert "The run trains your own objects, not a copy: the model can be neither pickled nor copied" in said
    assert not same(values_of(model), before)


def test_a_model_that_cannot_be_copied_says_how_its_checkpoints_could_be_tried() -> None:
    run = quick(model=Locked())
    with pytest.raises(CheckpointError, match="Locked can't be copied .*a function that makes the model"):
        run.last.predict(X)


def test_what_cannot_be_pickled_can_be_resumed_in_this_process_exactly() -> None:
    whole = quick(model=quietly(Unpicklable), epochs=4, optimizer="adamw")
    extended = quick(model=quietly(Unpicklable), epochs=2, optimizer="adamw")
    extended.resume(epochs=4)
    assert extended.wait().last.record.digest == whole.last.record.digest


def test_what_cannot_be_pickled_cannot_be_resumed_elsewhere() -> None:
    run = quick(model=quietly(Unpicklable))
    held.forget(run.id)  # as in another process
    run.resume(epochs=3)
    assert run.state == "failed"
    assert run.error is not None
    assert run.error.message.startswith("The objects of this run were not kept (they could not be pickled)")


def test_another_process_refuses_what_cannot_be_pickled() -> None:
    with pytest.raises(ConfigurationError) as error:
        tal.train(model=quietly(Unpicklable), data=(X, Y), executor="process")
    assert str(error.value) == (
        "executor: 'process' needs objects that can be pickled, but model can't be pickled (not today). "
        "Use executor='thread'."
    )
    assert tal.runs() == []
