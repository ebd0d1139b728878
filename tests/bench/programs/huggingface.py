"""The Trainer of Hugging Face's Transformers."""

from __future__ import annotations

import tempfile
from types import ModuleType

TITLE = "Hugging Face Trainer"
NEEDS = ("torch", "transformers", "accelerate")


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import Trainer, TrainingArguments

    from tests.bench.programs.tensors import adam, tensors

    class WithLoss(torch.nn.Module):
        """The net as the Trainer wants it."""

        def __init__(self) -> None:
            super().__init__()
            self.net = subject.pytorch()

        def forward(self, inputs: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
            outputs = self.net(inputs)
            return {"loss": cross_entropy(outputs, labels), "logits": outputs}

    rows = [{"inputs": row, "labels": label} for row, label in zip(*tensors(subject), strict=True)]
    net = WithLoss()
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=epochs,
            per_device_train_batch_size=subject.BATCH,
            lr_scheduler_type="constant",
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
        )
        Trainer(net, arguments, train_dataset=rows, optimizers=(adam(subject, net), None)).train()
