"""Modules as people write them."""

from __future__ import annotations

import functools
from typing import Any

import lightning
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torchmetrics import Accuracy, MeanMetric


class Classifier(lightning.LightningModule):
    """A small net with one optimizer."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        outputs = self(x)
        loss = cross_entropy(outputs, y)
        self.log("train_loss", loss, prog_bar=True)
        self.log("train_accuracy", (outputs.argmax(1) == y).float().mean(), on_epoch=True)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        outputs = self(x)
        loss = cross_entropy(outputs, y)
        self.log_dict({"val_loss": loss, "val_accuracy": (outputs.argmax(1) == y).float().mean()})
        return loss

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=0.01)


class Recording:
    """Writes down every hook that is called, with its arguments and where the training stands."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.__dict__["calls"] = []

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _HOOKS:
            return found

        @functools.wraps(found)  # so that Lightning knows whose method it is
        def recorded(*arguments: Any, **named: Any) -> Any:
            stand = self.__dict__["_trainer"]
            where = (stand.current_epoch, stand.global_step, stand.training, stand.validating, stand.sanity_checking)
            told = tuple(map(_described, (*arguments, *named.values())))
            self.__dict__["calls"].append((name, where, torch.is_grad_enabled(), self.training, told))
            return found(*arguments, **named)

        return recorded


_HOOKS = frozenset(
    name
    for name in dir(lightning.pytorch.core.hooks.ModelHooks)
    # The loop sets modes and batches up by itself, unless a module has a method for it.
    if name.startswith(("on_", "configure_")) and not name.startswith("on_validation_model_")
) | {
    "setup",
    "teardown",
    "prepare_data",
    "training_step",
    "validation_step",
    "backward",
    "optimizer_step",
    "optimizer_zero_grad",
    "configure_optimizers",
    "configure_gradient_clipping",
    "clip_gradients",
    "lr_scheduler_step",
}


def _described(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), float(value.detach().double().sum()), value.requires_grad
    if isinstance(value, list | tuple):
        return tuple(map(_described, value))
    if isinstance(value, dict):
        return tuple((key, _described(item)) for key, item in value.items())
    return value if isinstance(value, int | float | str | type(None)) else type(value).__name__.lstrip("_")


class RecordedClassifier(Recording, Classifier):
    """The small net under observation."""


class Scheduled(Classifier):
    """With schedulers of every kind; ``which`` names them."""

    def __init__(self, which: str) -> None:
        super().__init__()
        self.which = which

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)
        return getattr(self, f"_{self.which}")(optimizer, torch.optim.lr_scheduler)

    def _none(self, optimizer: Any, _: Any) -> Any:
        return optimizer

    def _list(self, optimizer: Any, _: Any) -> Any:
        return [optimizer]

    def _lists(self, optimizer: Any, schedulers: Any) -> Any:
        return [optimizer], [schedulers.StepLR(optimizer, 1, 0.5)]

    def _step(self, optimizer: Any, schedulers: Any) -> Any:
        scheduler = {"scheduler": schedulers.ExponentialLR(optimizer, 0.9), "interval": "step", "frequency": 3}
        return {"optimizer": optimizer, "lr_scheduler": scheduler}

    def _lambda(self, optimizer: Any, schedulers: Any) -> Any:
        return {"optimizer": optimizer, "lr_scheduler": schedulers.LambdaLR(optimizer, lambda n: 1 / (1 + n))}

    def _plateau(self, optimizer: Any, schedulers: Any) -> Any:
        return {"optimizer": optimizer, "lr_scheduler": _watching(optimizer), "monitor": "val_loss"}

    def _plateau_step(self, optimizer: Any, schedulers: Any) -> Any:
        scheduler = {"scheduler": _watching(optimizer), "monitor": "train_loss", "interval": "step"}
        return [{"optimizer": optimizer, "lr_scheduler": scheduler}]

    def _two(self, optimizer: Any, schedulers: Any) -> Any:
        warming = {"scheduler": schedulers.LinearLR(optimizer, 0.1, total_iters=7), "interval": "step"}
        return [optimizer], [warming, {"scheduler": _watching(optimizer), "monitor": "train_accuracy_epoch"}]

    def _one_cycle(self, optimizer: Any, schedulers: Any) -> Any:
        steps = self.trainer.estimated_stepping_batches
        cycle = schedulers.OneCycleLR(optimizer, 0.2, total_steps=steps)
        return [optimizer], [{"scheduler": cycle, "interval": "step"}]


def _watching(optimizer: Any) -> Any:
    """Give a scheduler that finds no improvement good enough."""
    return torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0, threshold=10.0)


class Adversaries(lightning.LightningModule):
    """Two nets against each other, by manual optimization, with a scheduler each."""

    def __init__(self) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.generator, self.judge = nn.Linear(4, 64), nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 1))
        self.register_buffer("noise", torch.linspace(-1, 1, 64).reshape(16, 4))

    def training_step(self, batch: Any, batch_idx: int) -> None:
        real, _ = batch
        of_generator, of_judge = self.optimizers()
        self.toggle_optimizer(of_judge)
        fake = self.generator(self.noise[: len(real)])
        loss = self.judge(fake.detach()).mean() - self.judge(real).mean()
        of_judge.zero_grad()
        self.manual_backward(loss)
        self.clip_gradients(of_judge, 0.5, "norm")
        of_judge.step()
        self.untoggle_optimizer(of_judge)
        self.log("judge", loss, on_epoch=True, prog_bar=True)
        if batch_idx % 2:
            with of_generator.toggle_model():
                loss = -self.judge(self.generator(self.noise)).mean()
                self.manual_backward(loss)
                of_generator.step()
                of_generator.zero_grad()
            self.log("generator", loss, on_step=False, on_epoch=True)
            for scheduler in self.lr_schedulers():
                scheduler.step()

    def configure_optimizers(self) -> Any:
        optimizers = [
            torch.optim.Adam(self.generator.parameters(), lr=0.01),
            torch.optim.RMSprop(self.judge.parameters(), lr=0.002),
        ]
        return optimizers, [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9) for optimizer in optimizers]


class Logger(Classifier):
    """Logs in every way there is."""

    def __init__(self) -> None:
        super().__init__()
        self.accuracy, self.mean = Accuracy(task="multiclass", num_classes=10), MeanMetric()
        self.val_accuracy = Accuracy(task="multiclass", num_classes=10)

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        outputs = self(x)
        loss = cross_entropy(outputs, y)
        self.log("both", loss, on_step=True, on_epoch=True, prog_bar=True)
        self.log("greatest", loss, on_step=False, on_epoch=True, reduce_fx="max")
        self.log("least", loss, on_step=False, on_epoch=True, reduce_fx=torch.min)
        self.log("total", loss, on_step=False, on_epoch=True, reduce_fx=sum)
        self.log("weighted", loss, on_step=False, on_epoch=True, batch_size=batch_idx + 1)
        self.log("count", batch_idx, on_step=True)
        self.accuracy(outputs, y)
        self.mean.update(loss.detach())
        self.log("metric", self.accuracy, on_step=True, on_epoch=True)
        self.log("updated", self.mean, on_step=False, on_epoch=True)
        return {"loss": loss, "outputs": outputs.detach()}

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.log("kept", outputs["outputs"].mean(), on_epoch=True, on_step=False)

    def validation_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        self.val_accuracy.update(self(x), y)
        self.log("val_metric", self.val_accuracy)
        self.log("val_both", cross_entropy(self(x), y), on_step=True, on_epoch=True)

    def on_validation_epoch_end(self) -> None:
        self.log("val_of_hook", float(self.current_epoch) + 0.5)

    def on_train_epoch_end(self) -> None:
        self.log("of_hook", self.trainer.callback_metrics["both"] + 1)


class Remembering(Classifier):
    """Keeps things in plain attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.seen, self.losses, self.recent = 0, [], {"last": None}
        self.drop = nn.Dropout(0.3)
        self.accuracy = Accuracy(task="multiclass", num_classes=10)

    def on_train_start(self) -> None:
        self.seen = 0
        self.started = True

    def on_train_epoch_start(self) -> None:
        self.of_epoch = []

    def training_step(self, batch: Any, batch_idx: int) -> Any:
        x, y = batch
        self.seen += len(x)
        outputs = self(self.drop(x))
        loss = cross_entropy(outputs, y)
        self.losses.append(loss.detach())
        self.of_epoch.append(loss.item())
        self.recent["last"] = (batch_idx, outputs.detach()[0])
        self.accuracy(outputs, y)
        self.log("accuracy", self.accuracy, on_step=False, on_epoch=True)
        self.log("seen", float(self.seen), on_step=False, on_epoch=True)
        return loss * (1 + 0.01 * len(self.losses))

    def on_train_epoch_end(self) -> None:
        self.log("mean_of_list", sum(self.of_epoch) / len(self.of_epoch))
        if self.current_epoch == 0:
            self.net[0].requires_grad_(False)
            self.net[1].eval()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["mine"] = {"seen": self.seen, "losses": torch.stack(self.losses) if self.losses else None}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        type(self).loaded = checkpoint["mine"]["seen"]  # where no checkpoint looks


class Deciding(Classifier):
    """Takes part in every decision that a module may take."""

    def optimizer_step(self, epoch: int, batch_idx: int, optimizer: Any, optimizer_closure: Any = None) -> None:
        if batch_idx % 2:
            optimizer.step(closure=optimizer_closure)
        else:
            optimizer_closure()
        for group in optimizer.param_groups:
            group["lr"] = 0.01 / (1 + self.trainer.global_step)

    def optimizer_zero_grad(self, epoch: int, batch_idx: int, optimizer: Any) -> None:
        if not batch_idx % 2:
            optimizer.zero_grad()

    def on_after_backward(self) -> None:
        self.net[0].weight.grad.mul_(0.5)

    def backward(self, loss: torch.Tensor, *arguments: Any, **named: Any) -> None:
        (2 * loss).backward(*arguments, **named)

    def configure_gradient_clipping(self, optimizer: Any, gradient_clip_val: Any, gradient_clip_algorithm: Any) -> None:
        self.clip_gradients(optimizer, 0.3, "norm")

    def configure_optimizers(self) -> Any:
        optimizer = torch.optim.Adam(self.parameters(), lr=0.01)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]

    def lr_scheduler_step(self, scheduler: Any, metric: Any) -> None:
        scheduler.step()
        scheduler.step()


class Transferring(Classifier):
    """Changes batches on their way, and makes a part of itself late."""

    def setup(self, stage: str) -> None:
        self.scale = nn.Parameter(torch.ones(64))

    def configure_model(self) -> None:
        self.net = nn.Sequential(self.net, nn.ReLU()) if len(self.net) > 2 else self.net

    def on_before_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        return [batch[0] + 1, batch[1]]

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        return [item.to(device) for item in batch]

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        return [batch[0] * 2, batch[1]]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x * self.scale)
