"""A person's own training step as a recipe: what it may take, what it gives, what is refused; on PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from dltrainer_jupyter import tal
from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed
from dltrainer_jupyter.recipes.own_step import OwnStep
from dltrainer_jupyter.tal.description import describe

RNG = np.random.default_rng(0)
X = RNG.normal(size=(72, 4)).astype("float32")
Y = (X.sum(1) > 0).astype("int64")
MLP = {"type": "mlp", "hidden": [8], "dropout": 0.3}
SMALL: dict[str, Any] = {"data": (X, Y), "epochs": 2, "batch_size": 16, "executor": "inline", "verbose": False}


def by_hand(model, x, y):
    outputs = model(x)
    return functional.cross_entropy(outputs, y), outputs


def with_terms(net, batch, loss):
    inputs, targets = batch
    outputs = net(inputs)
    found = loss(outputs, targets)
    return {"loss": found, "outputs": outputs, "size": outputs.square().mean()}


def updating(model, x, y, optimizer):
    optimizer.zero_grad()
    loss = functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def by_operations(state, batch, ops):
    def objective(nets):
        outputs = nets["model"](batch.inputs)
        return functional.cross_entropy(outputs, batch.targets), outputs

    state, loss, outputs = ops.update(state, objective, wrt="model", using="optimizer")
    return state, (loss, outputs)


class VAE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(4, 4), nn.Linear(2, 4)

    def forward(self, x):
        mean, log_var = self.encoder(x).chunk(2, dim=1)
        return self.decoder(mean + torch.randn_like(mean) * (log_var / 2).exp()), mean, log_var


def vae(model, x):
    decoded, mean, log_var = model(x)
    fit = functional.mse_loss(decoded, x)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).mean()
    return {"loss": fit + 0.1 * kl, "fit": fit, "kl": kl}


def digest(run: Any) -> str:
    assert run.state == "completed", run.record.error
    return run.checkpoints[-1].digest


@pytest.mark.parametrize("step", [by_hand, with_terms, updating, by_operations])
def test_supervised_learning_by_hand_gives_the_bits_of_the_built_in_recipe(step) -> None:
    more = {"loss": "cross_entropy"} if step is updating else {}
    built_in = tal.train(model=MLP, metrics=["accuracy"], **SMALL)
    own = tal.train(model=MLP, metrics=["accuracy"], train_step=step, **more, **SMALL)
    assert (digest(own), own.record.exact) == (digest(built_in), True)
    there = built_in.metrics().columns.difference(["train_accuracy"])
    assert own.metrics()[there].equals(built_in.metrics()[there])
    assert own.spec.recipe.config["is"] == step.__name__


def test_with_everything_that_changes_an_update_the_bits_are_the_built_in_recipes() -> None:
    more: dict[str, Any] = {"ema": 0.9, "gradient_accumulation": 2, "gradient_clipping": 0.1, "on_nan": "skip"}
    more |= {"precision": "bf16-mixed"}
    own = tal.train(model=MLP, recipe=tal.recipe(by_hand), **more, **SMALL)
    assert digest(own) == digest(tal.train(model=MLP, **more, **SMALL))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_step_that_gives_a_loss_is_compiled() -> None:
    own = tal.train(model=MLP, train_step=by_hand, compile=True, **SMALL)
    assert digest(own) == digest(tal.train(model=MLP, compile=True, **SMALL))


def test_numbers_of_a_step_become_series_and_dropout_is_off_in_evaluation() -> None:
    run = tal.train(model=MLP, train_step=with_terms, loss="cross_entropy", **SMALL)
    assert run.state == "completed"
    assert {"train_size", "val_size"} <= set(run.metrics().columns)
    assert len(run.curve("train_size")[1]) == run.step
    held_back = run.metrics()["val_loss"].iloc[-1]
    assert tal.train(model=MLP, loss="cross_entropy", **SMALL).metrics()["val_loss"].iloc[-1] == held_back


def test_a_vae_draws_from_the_runs_generators_and_predicts() -> None:
    own = {**SMALL, "data": (X, X)}
    runs = []
    for seed in (1, 2):
        torch.manual_seed(7)
        model = VAE()
        torch.manual_seed(seed)
        runs.append(tal.train(model=model, recipe=tal.recipe(vae), **own))
    assert digest(runs[0]) == digest(runs[1])
    assert runs[0].record.exact
    assert {"train_fit", "train_kl", "val_fit", "val_kl"} <= set(runs[0].metrics().columns)
    assert runs[0].best.predict(X[:3])[0].shape == (3, 4)


def test_an_evaluation_of_its_own() -> None:
    @tal.recipe
    def contrast(model, x):
        near = functional.normalize(model(x), dim=1)
        far = functional.normalize(model(x + 0.1), dim=1)
        return functional.cross_entropy(near @ far.T / 0.5, torch.arange(len(x)))

    @contrast.evaluation
    def spread(model, x):
        return {"loss": model(x).var(0).mean().neg(), "outputs": model(x)}

    assert spread is contrast
    run = tal.train(model=MLP, recipe=contrast, **SMALL)
    assert run.state == "completed", run.record.error
    assert (run.metrics()["val_loss"] < 0).all()
    assert (run.metrics()["train_loss"] > 0).all()
    # It stays a function.
    assert contrast(nn.Identity(), torch.eye(3)).shape == ()


def test_metrics_of_a_step_without_outputs_are_measured_in_validation() -> None:
    run = tal.train(model=MLP, train_step=lambda model, x, y: by_hand(model, x, y)[0], metrics=["accuracy"], **SMALL)
    usual = tal.train(model=MLP, metrics=["accuracy"], **SMALL)
    assert run.metrics()["val_accuracy"].equals(usual.metrics()["val_accuracy"])
    assert run.metrics()["train_accuracy"].isna().all()


def test_a_clone_keeps_the_step_or_takes_another() -> None:
    run = tal.train(model=MLP, train_step=by_hand, **SMALL)
    assert digest(run.clone()) == digest(run)
    assert run.clone(train_step=vae, model=VAE(), data=(X, X)).spec.recipe.config["is"] == "vae"


@pytest.mark.slow
def test_it_trains_in_a_process_of_its_own() -> None:
    here = tal.train(model=MLP, train_step=with_terms, **SMALL)
    there = tal.train(model=MLP, train_step=with_terms, **{**SMALL, "executor": "process"})
    assert digest(there.wait(100)) == digest(here)


# --- what is refused ----------------------------------------------------------------------------------


def lightning() -> Any:
    base = type("LightningModule", (nn.Module,), {"__module__": "lightning.pytorch"})
    return type("Mine", (base,), {})()


def lambdas(*names: str) -> Any:
    return eval(f"lambda {', '.join(names)}: 0")  # noqa: S307 - of this file's own words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"train_step": 3}, r"train_step: expected a function .*, got 3\."),
        ({"train_step": "mine"}, r"train_step: expected a function .*, got 'mine'\."),
        (
            {"train_step": lambdas("model", "picture")},
            r"nothing called 'picture'.*Known: model, batch, x, y, loss, opt",
        ),
        ({"train_step": lambdas("model", "optimiser")}, r"'optimiser' .* Did you mean 'optimizer'\?"),
        ({"train_step": lambdas("x", "y")}, r"train_step: expected a parameter 'model'"),
        ({"train_step": lambdas("state", "model", "ops")}, r"'model' is state\.nets or state\.optimizers"),
        ({"train_step": by_hand, "eval_step": updating}, r"eval_step: measuring changes nothing"),
        ({"eval_step": by_hand}, r"eval_step: expected a train_step beside it"),
        ({"train_step": by_hand, "recipe": "supervised"}, r"train_step: the recipe is 'supervised' already"),
        ({"train_step": by_hand, "model": lightning()}, r"train_step: the model is a LightningModule, which brings"),
        ({"train_step": by_hand, "regularization": ["l2"]}, r"regularization: train_step computes its loss by itself"),
        ({"train_step": updating}, r"eval_step: a train_step that makes its own update .* or set loss\."),
        (
            {"train_step": updating, "loss": "mse", "gradient_accumulation": 2},
            r"gradient_accumulation: this train_step",
        ),
        ({"train_step": updating, "loss": "mse", "gradient_clipping": 1.0}, r"gradient_clipping: this train_step"),
        ({"train_step": updating, "loss": "mse", "ema": 0.9}, r"ema: this train_step takes the optimizer"),
        ({"train_step": updating, "loss": "mse", "on_nan": "skip"}, r"on_nan: this train_step takes the optimizer"),
        ({"train_step": updating, "loss": "mse", "precision": "bf16-mixed"}, r"precision: this train_step takes"),
        ({"train_step": updating, "loss": "mse", "compile": True}, r"compile: this train_step takes the optimizer"),
        ({"train_step": by_operations, "compile": True}, r"compile: a step with state and ops"),
        ({"train_step": updating, "framework": "jax", "loss": "mse"}, r"on JAX a step is a pure function"),
    ],
)
def test_what_is_refused_at_submit(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        describe({"model": "mlp", "data": (X, Y), **given})


def failing(function: Any, **more: Any) -> Any:
    run = tal.train(model=MLP, train_step=function, **{**SMALL, "validation": False, **more})
    with pytest.raises(TrainingFailed):
        run.wait(60)
    return run.record.error


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (lambda model: model.zero_grad(), "expected the loss as a tensor, got None; return loss"),
        (lambda model, x: model(x).mean().item(), "without item()"),
        (lambda model, x: model(x).mean(1), "expected the loss as one number for the batch, got shape (16,)"),
        (lambda model, x: model(x).detach().mean(), "train_step: its loss has no gradient"),
        (lambda model, x: {"kl": model(x).mean()}, "expected a 'loss' in what it returns, got kl"),
        (lambda model, x: {"loss": model(x).mean(), "kl": x}, "expected 'kl' as one number"),
        (lambda model, x: {"loss": model(x).mean(), "a/b": x.mean()}, "expected names of letters"),
        (lambda state, batch: state.nets["model"](batch.inputs).mean(), "expected (state, loss)"),
    ],
)
def test_what_a_step_gives_that_cant_be_used(step, words) -> None:
    assert words in failing(step).message


def test_names_of_numbers_stay_and_are_no_metrics() -> None:
    names = iter(["a", "a", "b"])

    def changing(model, x, y):
        return {"loss": model(x).mean(), next(names, "b"): x.mean()}

    assert "expected the same numbers each time, a, got b" in failing(changing).message

    def called_like_a_metric(model, x):
        return {"loss": model(x).mean(), "accuracy": x.mean()}

    assert "'accuracy' is the name of a metric" in failing(called_like_a_metric, metrics=["accuracy"]).message


@pytest.mark.parametrize("error", [KeyError, ValueError])
def test_what_a_step_raises_shows_its_own_line_and_none_of_ours(error) -> None:
    def stumbling(model, x, y):
        msg = "mine"
        raise error(msg)

    found = failing(stumbling)
    assert "mine" in found.message
    assert "raise error(msg)" in found.traceback
    assert 'own_step.py"' not in found.traceback.replace("test_own_step.py", "")


def test_measuring_by_a_step_with_operations_asks_for_nothing_else() -> None:
    def in_pieces(state, batch, ops):
        ops.clear(state, "optimizer")
        loss = state.nets["model"](batch.inputs).mean()
        ops.backward(loss, "optimizer")
        ops.step(state, "optimizer")
        return state, loss

    assert "eval_step: train_step uses ops.clear" in failing(in_pieces).message
    measured = tal.recipe(in_pieces, eval_step=lambda model, x: model(x).mean())
    assert tal.train(model=MLP, recipe=measured, **SMALL).state == "completed"


def test_a_loss_that_nobody_uses_is_said(capsys) -> None:
    run = tal.train(model=MLP, train_step=by_hand, loss="cross_entropy", **{**SMALL, "verbose": True})
    said = "loss: 'cross_entropy' isn't used, since train_step takes no 'loss' and computes its own."
    assert said in capsys.readouterr().err
    assert said in [event.message for event in run.store.events(run.id)]


def test_a_memory_outside_of_the_state_is_noticed() -> None:
    seen: list[int] = []

    def counting(model, x, y):
        seen.append(len(x))
        return by_hand(model, x, y)

    run = tal.train(model=MLP, train_step=counting, **SMALL)
    assert not run.record.exact


def test_a_decorator_takes_its_evaluation_step() -> None:
    made = tal.recipe(eval_step=by_hand)(vae)
    assert isinstance(made, OwnStep)
    assert not made.measures_as_it_learns
    assert tal.recipe(by_hand).measures_as_it_learns
