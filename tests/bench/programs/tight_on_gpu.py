"""The tightest loop on a GPU: everything there, compiled, bfloat16, fused AdamW, no metrics."""

from __future__ import annotations

from types import ModuleType

TITLE = "tight compiled loop"
NEEDS = ("torch",)
NEEDS_CUDA = True


def train(subject: ModuleType, epochs: int) -> None:
    """Train."""
    import torch
    from torch.nn.functional import cross_entropy

    from tests.bench.programs.tensors import tensors

    inputs, targets = (array.cuda() for array in tensors(subject))
    net = subject.pytorch().cuda()
    if inputs.ndim == len("nchw"):
        # As its convolutions are fastest in 16 bits.
        inputs, net = (each.to(memory_format=torch.channels_last) for each in (inputs, net))
    optimizer = torch.optim.AdamW(net.parameters(), lr=subject.RATE, fused=True)

    @torch.compile
    def loss_of(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cuda", torch.bfloat16):
            return cross_entropy(net(inputs), targets)

    for _ in range(epochs):
        for index in torch.randperm(len(inputs), device="cuda").split(subject.BATCH):
            optimizer.zero_grad()
            loss_of(inputs[index], targets[index]).backward()
            optimizer.step()
    torch.cuda.synchronize()
