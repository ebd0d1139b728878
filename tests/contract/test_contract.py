"""The contract notices adapters that don't keep it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrainer_jupyter.core.errors import CheckpointError
from dltrainer_jupyter.core.protocols import RawArray
from dltrainer_jupyter.testing.adapter_contract import AdapterContract
from dltrainer_jupyter.testing.adapter_samples import Trainer

pytestmark = pytest.mark.usefixtures("numpy_framework")

MOMENTUM = {"type": "sgd", "momentum": 0.9}
SETTINGS: dict[str, Any] = {
    "framework": "numpy",
    "model": {"type": "perceptron", "dropout": 0.2},
    "optimizer": MOMENTUM,
    "data": "digits",
}


def shares_memory(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    def weights(self: Any, state: Any) -> Any:
        arrays = {f"model.{name}": value for name, value in state.nets["model"].weights.items()}
        return {k: RawArray("F32", v.shape, v.reshape(-1).view(np.uint8).data) for k, v in arrays.items()}

    patch("_weights", weights)


def measures_with_dropout(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    @contextmanager
    def evaluation(self: Any, state: Any) -> Iterator[Any]:
        yield state

    patch("evaluation", evaluation)


def draws_while_trying(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    check = adapter.check

    def drawing(self: Any, recipe: Any, state: Any, batch: Any) -> Any:
        state.nets["model"].generator.random()
        return check(self, recipe, state, batch)

    patch("check", drawing)


def forgets(what: str) -> Callable[..., None]:
    def flaw(adapter: Any, patch: Callable[[str, Any], None]) -> None:
        load = adapter.load

        def forgetting(self: Any, state: Any, saved: Any) -> Any:
            generator = state.nets["model"].generator.bit_generator
            drawn, state = generator.state, load(self, state, saved)
            if what == "generator":
                generator.state = drawn
            else:
                state.optimizers["optimizer"].velocity = {}
            return state

        patch("load", forgetting)

    return flaw


def writes_before_it_looks(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    load = adapter.load

    def hasty(self: Any, state: Any, saved: Any) -> Any:
        state.nets["model"].weights["output.bias"][:] = 1
        return load(self, state, saved)

    patch("load", hasty)


def takes_everything(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    load = adapter.load

    def careless(self: Any, state: Any, saved: Any) -> Any:
        try:
            return load(self, state, saved)
        except CheckpointError:
            return state

    patch("load", careless)


def draws_the_same_each_time(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    train_step = adapter.train_step

    def repeating(self: Any, recipe: Any, state: Any, batch: Any) -> Any:
        state.nets["model"].generator = np.random.Generator(np.random.Philox(0))
        return train_step(self, recipe, state, batch)

    patch("train_step", repeating)


def ignores_the_order(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    patch("order", lambda _, __, indices: np.sort(indices))


def ignores_the_rate(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    patch("set_learning_rate", lambda *_: None)


def ignores_losses_that_are_not_finite(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    build = adapter.build

    def reckless(self: Any, *given: Any) -> Any:
        self.ops._skip_non_finite = False
        return build(self, *given)

    patch("build", reckless)


def predicts_with_fresh_weights(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    predictor = adapter.predictor.__func__

    def fresh(cls: Any, spec: Any, objects: Any, signature: Any, weights: Any) -> Any:
        made = predictor(cls, spec, objects, signature, weights)
        made._net.weights = {name: value * 0 for name, value in made._net.weights.items()}
        return made

    patch("predictor", classmethod(fresh))


def has_one_seed(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    init = adapter.__init__

    def constant(self: Any, spec: Any, *, owns_process: bool) -> None:
        init(self, spec.model_copy(update={"seed": 0}), owns_process=owns_process)

    patch("__init__", constant)


def promises_everything(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    patch("open", lambda _: {})


def reverses_losses(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    patch("losses", lambda _, values: np.array(values[::-1], np.float32))


def changes_stretches(change: Callable[[Any, Any], tuple[Any, Any]]) -> Callable[..., None]:
    """Make several steps of another stretch, or at other rates, than was asked for."""

    def flaw(adapter: Any, patch: Callable[[str, Any], None]) -> None:
        train_steps = adapter.train_steps
        patch("train_steps", lambda self, recipe, state, *given: train_steps(self, recipe, state, *change(*given)))

    return flaw


def measures_from_the_first(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    eval_steps = adapter.eval_steps
    patch("eval_steps", lambda self, recipe, state, given: eval_steps(self, recipe, state, given._replace(start=0)))


def reverses_steps(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    train_steps = adapter.train_steps

    def reversing(self: Any, *given: Any) -> Any:
        state, output = train_steps(self, *given)
        return state, output._replace(loss=output.loss[::-1])

    patch("train_steps", reversing)


def holds_fewer_steps_than_it_did(adapter: Any, patch: Callable[[str, Any], None]) -> None:
    train_steps, made = adapter.train_steps, []

    def counting(self: Any, *given: Any) -> Any:
        made.append(1)
        return train_steps(self, *given)

    patch("train_steps", counting)
    patch("most_steps", lambda _: 16 - len(made))


_GOES_ON = "test_training_goes_on_bit_for_bit_or_the_wish_is_refused"
_SPLIT = "test_any_split_of_steps_into_calls_gives_the_bits_of_single_ones"
_MISFIT = "test_what_does_not_fit_is_refused_before_anything_is_written"


@pytest.mark.parametrize(
    ("flaw", "noticed_by"),
    [
        (shares_memory, "test_a_saved_state_is_a_copy"),
        (measures_with_dropout, "test_evaluation_changes_nothing"),
        (draws_while_trying, "test_trying_a_batch_changes_nothing"),
        (forgets("generator"), _GOES_ON),
        (forgets("velocity"), _GOES_ON),
        (writes_before_it_looks, _MISFIT),
        (takes_everything, _MISFIT),
        (takes_everything, "test_another_optimizers_state_is_refused_before_anything_is_written"),
        (ignores_the_order, "test_a_batch_holds_the_samples_that_seed_and_epoch_say"),
        (ignores_the_rate, "test_the_learning_rate_is_what_it_is_set_to"),
        (draws_the_same_each_time, "test_dropout_draws_anew_in_each_step"),
        (ignores_losses_that_are_not_finite, "test_an_update_without_a_finite_loss_is_left_out_if_wanted"),
        (predicts_with_fresh_weights, "test_a_predictor_gives_what_evaluation_does"),
        (has_one_seed, "test_the_same_seed_gives_the_same_bits"),
        (promises_everything, _GOES_ON),
        (changes_stretches(lambda stretch, _: (stretch, None)), _SPLIT),
        (changes_stretches(lambda stretch, rates: (stretch, rates[::-1])), _SPLIT),
        (changes_stretches(lambda stretch, rates: (stretch._replace(start=0), rates)), _SPLIT),
        (reverses_steps, _SPLIT),
        (measures_from_the_first, "test_any_split_of_batches_into_calls_is_measured_alike"),
        (holds_fewer_steps_than_it_did, "test_how_many_steps_a_call_can_hold_stays_as_it_is"),
        (reverses_losses, "test_losses_and_outputs_come_to_the_host_in_order"),
    ],
)
def test_an_adapter_that_breaks_its_promise_fails(
    flaw: Callable[..., None], noticed_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from numpy_trainer.adapter import NumPyAdapter

    class Suspect(AdapterContract):
        framework = "numpy"

    test = getattr(Suspect(), noticed_by)
    with ExitStack() as stack:

        def make(**settings: Any) -> Trainer:
            return stack.enter_context(Trainer(**SETTINGS | settings))

        given = {
            "trainer": make,
            "several": make,
            "rates": [0.01, 0.02, 0.03, 0.04, 0.05],
            "tmp_path": tmp_path,
            "other_optimizer": "sgd",
            "ability": "ema" if flaw is promises_everything else "none",
            "case": "another shape",
        }
        arguments = {name: given[name] for name in inspect.signature(test).parameters}
        flaw(NumPyAdapter, lambda name, value: monkeypatch.setattr(NumPyAdapter, name, value))
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            test(**arguments)
