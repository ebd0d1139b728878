"""Direct calls have the bits of PyTorch's own methods, and whoever listens to those is heard."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from types import MethodType
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode

from dltrainer_jupyter.adapters.pytorch.calls import Calls, DirectCalls, make_calls
from tests.adapters.pytorch.bench import Bench, X, Y, seeded

INPUTS, TARGETS = torch.from_numpy(X), torch.from_numpy(Y)
STEPS = 7


def net() -> nn.Module:
    return seeded(lambda: nn.Sequential(nn.Linear(6, 33), nn.BatchNorm1d(33), nn.Tanh(), nn.Linear(33, 2)))


class Counting(DirectCalls):
    """Knows which of PyTorch's own methods were called after all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.plain: list[str] = []
        for name in ("clear", "backward", "step"):
            monkeypatch.setattr(Calls, name, self._noted(name, getattr(Calls, name)))

    def _noted(self, name: str, method: Callable[..., None]) -> Callable[..., None]:
        def note(*arguments: Any) -> None:
            self.plain.append(name)
            method(*arguments)

        return note


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> Counting:
    return Counting(monkeypatch)


def train(
    calls: Calls,
    make: Callable[[nn.Module], Optimizer],
    prepare: Callable[[int, nn.Module, Optimizer], object] = lambda *_: None,
) -> list[torch.Tensor]:
    """Give everything that training leaves behind."""
    model = net()
    optimizer = make(model)
    for step in range(STEPS):
        prepare(step, model, optimizer)
        calls.clear(optimizer)
        calls.backward(nn.functional.cross_entropy(model(INPUTS), TARGETS), None)
        calls.step(optimizer)
    slots = [slot for state in optimizer.state.values() for slot in state.values()]
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    return [*model.state_dict().values(), *slots, *gradients]


def same(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


# --- bits -------------------------------------------------------------------------------------------------


def of(kind: type[Optimizer], **options: Any) -> Callable[[nn.Module], Optimizer]:
    return lambda model: kind(model.parameters(), **{"fused": True, "lr": 0.01} | options)


def coupled(optimizer: Optimizer) -> Optimizer:
    for group in optimizer.param_groups:
        group["decoupled_weight_decay"] = False
    return optimizer


def groups(model: nn.Module) -> Optimizer:
    first, *others = model.parameters()
    mine, theirs = {"params": [first], "lr": 0.02, "betas": (0.8, 0.9)}, {"params": others, "maximize": True}
    return AdamW([mine, theirs], lr=0.01, fused=True)


@pytest.mark.parametrize(
    ("make", "first"),
    [
        # The first step makes the slots; without momentum there are none to make.
        (of(Adam, weight_decay=0.1), ["step"]),
        (of(AdamW, betas=(0.8, 0.95), eps=1e-5), ["step"]),
        (of(Adam, amsgrad=True, lr=0.3), ["step"]),
        (of(Adam, decoupled_weight_decay=True, weight_decay=0.5), ["step"]),
        (of(AdamW, maximize=True), ["step"]),
        (lambda model: coupled(of(AdamW, weight_decay=0.5)(model)), ["step"]),
        (groups, ["step"]),
        (of(SGD, weight_decay=0.1), []),
        (of(SGD, momentum=0.9, dampening=0.1, maximize=True), ["step"]),
        (of(SGD, momentum=0.9, nesterov=True), ["step"]),
    ],
    ids=["adam", "adamw", "amsgrad", "decoupled", "maximize", "coupled", "groups", "sgd", "momentum", "nesterov"],
)
def test_bits_are_those_of_pytorchs_methods(make, first: list[str], direct: Counting) -> None:
    found = train(direct, make)
    assert direct.plain == first
    assert same(found, train(Calls(), make))


@pytest.mark.parametrize(
    "make",
    [
        of(Adam, fused=False),
        of(Adam, lr=torch.tensor(0.01)),
        of(torch.optim.Adagrad),
        lambda model: type("Own", (Adam,), {})(model.parameters(), fused=True),
    ],
    ids=["not fused", "rate is a tensor", "another kind", "a class of one's own"],
)
def test_what_is_out_of_the_ordinary_takes_pytorchs_own_step(make, direct: Counting) -> None:
    found = train(direct, make)
    assert direct.plain == ["step"] * STEPS
    assert same(found, train(Calls(), make))


def frozen(step: int, model: nn.Module, _: Optimizer) -> None:
    """One parameter learns only later, so that it has no slots and fewer steps than the others."""
    model[3].weight.requires_grad_(step > 2)


def forgotten(step: int, _: nn.Module, optimizer: Optimizer) -> None:
    if step == 4:
        optimizer.state.clear()


def replaced(step: int, _: nn.Module, optimizer: Optimizer) -> None:
    if step == 4:
        optimizer.load_state_dict(optimizer.state_dict())
        optimizer.param_groups[0] |= {"lr": 0.5, "betas": (0.1, 0.2)}


@pytest.mark.parametrize("prepare", [frozen, forgotten, replaced])
def test_an_optimizer_may_change_at_any_time(prepare, direct: Counting) -> None:
    found = train(direct, of(Adam), prepare)
    assert direct.plain.count("step") < 3
    assert same(found, train(Calls(), of(Adam), prepare))


@pytest.mark.parametrize(("name", "value"), [("grad_scale", 1e6), ("found_inf", 1.0)])
def test_a_step_that_is_to_unscale_takes_pytorchs_own(name: str, value: float, direct: Counting) -> None:
    """By which numbers is noted at the optimizer, as a GradScaler does it."""

    def prepare(step: int, _: nn.Module, optimizer: Optimizer) -> None:
        setattr(optimizer, name, torch.tensor(value) if step > 2 else None)

    found = train(direct, of(Adam), prepare)
    assert direct.plain == ["step"] * (STEPS - 2)
    assert same(found, train(Calls(), of(Adam), prepare))
    assert not same(found, train(Calls(), of(Adam)))


def test_a_group_of_several_dtypes_takes_pytorchs_own_step(direct: Counting) -> None:
    def mixed(model: nn.Module) -> Optimizer:
        model[3].double()
        model.insert(3, type("Double", (nn.Module,), {"forward": lambda _, x: x.double()})())
        return Adam(model.parameters(), fused=True)

    found = train(direct, mixed)
    assert direct.plain == ["step"] * STEPS
    assert same(found, train(Calls(), mixed))


# --- who listens ------------------------------------------------------------------------------------------


def heard(listen: Callable[[Optimizer, list[int]], object], direct: Counting) -> int:
    """Train, listen from the third step on, and count what is heard."""
    noted: list[int] = []

    def prepare(step: int, _: nn.Module, optimizer: Optimizer) -> None:
        if step == 2:
            listen(optimizer, noted)

    train(direct, of(Adam), prepare)
    return len(noted)


def note(noted: list[int]) -> Callable[..., None]:
    return lambda *_: noted.append(1)


def test_hooks_of_an_optimizer_are_called(direct: Counting) -> None:
    assert heard(lambda optimizer, noted: optimizer.register_step_pre_hook(note(noted)), direct) == STEPS - 2
    assert heard(lambda optimizer, noted: optimizer.register_step_post_hook(note(noted)), direct) == STEPS - 2


@pytest.mark.parametrize("register", [register_optimizer_step_pre_hook, register_optimizer_step_post_hook])
def test_hooks_of_all_optimizers_are_called(register, direct: Counting) -> None:
    handles: list[Any] = []
    try:
        assert heard(lambda _, noted: handles.append(register(note(noted))), direct) == STEPS - 2
    finally:
        handles[0].remove()


@pytest.mark.parametrize("name", ["step", "zero_grad"])
def test_a_wrapped_method_is_called(name: str, direct: Counting) -> None:
    def wrap(optimizer: Optimizer, noted: list[int]) -> None:
        method = getattr(optimizer, name)
        setattr(optimizer, name, lambda *arguments, **named: noted.append(1) or method(*arguments, **named))

    assert heard(wrap, direct) == STEPS - 2


@pytest.mark.parametrize("name", ["step", "zero_grad"])
def test_a_method_that_its_class_got_meanwhile_is_called(
    name: str, direct: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = getattr(Adam, name)

    def replace(_: Optimizer, noted: list[int]) -> None:
        noting = wraps(method)(lambda *arguments, **named: noted.append(1) or method(*arguments, **named))
        monkeypatch.setattr(Adam, name, noting)

    assert heard(replace, direct) == STEPS - 2


def test_a_package_whose_name_begins_as_pytorchs_is_another(direct: Counting) -> None:
    noted: list[int] = []
    source = "def zero_grad(self):\n    noted.append(1)\n    super(kind, self).zero_grad()"
    theirs: dict[str, Any] = {"noted": noted}
    exec(compile(source, f"{Path(torch.__file__).parent}_optimizer/adam.py", "exec"), theirs)  # noqa: S102 - for its file's name
    theirs["kind"] = kind = type("Theirs", (Adam,), {"zero_grad": theirs["zero_grad"]})
    train(direct, of(kind))
    assert len(noted) == STEPS


def test_what_a_patched_method_holds_is_let_go(direct: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    step = Adam.step

    def patched(self: Any, closure: Any = None) -> Any:
        return step(self, closure)

    with monkeypatch.context() as patch:
        patch.setattr(Adam, "step", patched)
        train(direct, of(Adam))
    let_go = weakref.ref(patched)
    del patched
    gc.collect()
    assert let_go() is None


def test_a_scheduler_sees_that_the_optimizer_steps(direct: Counting, recwarn: pytest.WarningsRecorder) -> None:
    schedulers: list[Any] = []

    def prepare(step: int, _: nn.Module, optimizer: Optimizer) -> None:
        if step == 0:
            schedulers.append(torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5))
        else:
            schedulers[-1].step()

    for make in (of(Adam), of(SGD)):
        direct.plain.clear()
        found = train(direct, make, prepare)
        # Once is enough.
        assert direct.plain == ["step"]
        assert same(found, train(Calls(), make, prepare))
    assert not [warning for warning in recwarn if "lr_scheduler" in str(warning.message)]


def test_a_scheduler_hides_nobody(direct: Counting) -> None:
    """Whoever has wrapped ``step`` before a scheduler did is called."""
    noted: list[int] = []

    def prepare(step: int, _: nn.Module, optimizer: Optimizer) -> None:
        if step == 0:
            plain = type(optimizer).step
            optimizer.step = MethodType(lambda own: (noted.append(1), plain(own)), optimizer)
            torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

    train(direct, of(Adam), prepare)
    assert len(noted) == STEPS


def test_a_class_may_clear_gradients_in_a_way_of_its_own(direct: Counting) -> None:
    class Keeping(Adam):
        def zero_grad(self, set_to_none: bool = True) -> None:
            """Gradients add up."""

    def keeping(model: nn.Module) -> Optimizer:
        return Keeping(model.parameters(), fused=True)

    assert same(train(direct, keeping), train(Calls(), keeping))


def test_a_class_may_clear_gradients_without_being_told_how() -> None:
    class Plainly(SGD):
        def zero_grad(self) -> None:
            super().zero_grad()

    assert same(train(DirectCalls(), of(Plainly)), train(Calls(), of(SGD)))


def test_a_class_may_leave_out_pytorchs_constructor(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(SGD):
        def __init__(self, made: Optimizer) -> None:
            self.param_groups, self.defaults, self.state = made.param_groups, made.defaults, made.state

    expected = train(Calls(), of(SGD))
    # The constructor wraps the class's step by one that needs what the constructor makes.
    monkeypatch.setattr(SGD, "step", SGD.step.__wrapped__)
    monkeypatch.setattr(SGD, "_patch_step_function", lambda _: None)
    assert same(train(DirectCalls(), lambda model: Bare(of(SGD)(model))), expected)


def test_a_profiler_sees_the_methods(direct: Counting) -> None:
    with torch.profiler.profile() as profile:
        train(direct, of(Adam))
    named = {event.key: event.count for event in profile.key_averages()}
    assert (named["Optimizer.step#Adam.step"], named["Optimizer.zero_grad#Adam.zero_grad"]) == (STEPS, STEPS)


@pytest.mark.parametrize("own", [False, True])
def test_a_mode_sees_the_operations_of_optimizers_of_ones_own_only(own: bool, direct: Counting) -> None:
    class Seeing(TorchFunctionMode):
        seen = 0

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.seen += getattr(func, "__name__", "") == "addcdiv_"
            return func(*args, **(kwargs or {}))

    kind = type("Own", (torch.optim.RMSprop,), {}) if own else torch.optim.RMSprop

    def make(model: nn.Module) -> Optimizer:
        return kind(model.parameters(), foreach=False)

    with Seeing() as mode:
        found = train(direct, make)
    assert (mode.seen > 0) == own
    assert same(found, train(Calls(), make))


# --- gradients --------------------------------------------------------------------------------------------


def test_gradients_add_up_and_may_be_asked_for_singly(direct: Counting) -> None:
    one, other = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    for _ in range(2):
        direct.backward((one * other * 3).sum(), [one])
    assert (one.grad.tolist(), other.grad) == ([6, 6], None)
    assert not direct.plain


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (torch.ones(2, requires_grad=True) * 2, "grad can be implicitly created only for scalar outputs"),
        (torch.ones(()), "does not require grad"),
    ],
)
def test_what_has_no_gradient_is_refused_as_ever(loss: torch.Tensor, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        DirectCalls().backward(loss, None)


@pytest.mark.parametrize("calls", [Calls(), DirectCalls()])
def test_gradients_of_nothing_and_of_no_real_number_are_refused_as_ever(calls: Calls) -> None:
    weight = torch.ones((), requires_grad=True)
    with pytest.raises(RuntimeError, match="cannot be empty"):
        calls.backward(weight * 2, [])
    with pytest.raises(RuntimeError, match="only for real scalar outputs"):
        calls.backward(weight * 2j, None)


def test_a_patched_backward_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[torch.Tensor] = []
    monkeypatch.setattr(torch.Tensor, "backward", lambda self, **_: noted.append(self))
    loss = torch.ones((), requires_grad=True) * 2
    DirectCalls().backward(loss, None)
    assert noted == [loss]


def test_hooks_of_tensors_are_called_and_see_the_gradient(direct: Counting) -> None:
    weight = torch.ones(2, requires_grad=True)
    loss = (weight * 3).sum()
    loss.register_hook(lambda gradient: gradient.mul_(2))
    direct.backward(loss, None)
    direct.backward((weight * 3).sum(), None)
    assert weight.grad.tolist() == [9, 9]


# --- another PyTorch --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "name"),
    [(torch.autograd.profiler, "_is_profiler_enabled"), (torch, "_fused_adam_"), (torch._C, "DisableTorchFunction")],
)
def test_where_pytorch_lacks_what_is_called_its_own_methods_are(
    owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (type(make_calls(direct=True)), type(make_calls(direct=False))) == (DirectCalls, Calls)
    monkeypatch.delattr(owner, name)
    assert type(make_calls(direct=True)) is Calls


# --- in a run ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"gradient_accumulation": 2, "gradient_clipping": 0.1}, {"ema": 0.9}])
def test_a_run_calls_directly_unless_told_otherwise(settings: dict[str, Any], direct: Counting) -> None:
    with Bench(net(), **settings) as bench:
        bench.step(6)
        digest, used = bench.digest(), direct.plain.copy()
        assert used == ["step"]
    with Bench(net(), fast={"direct_calls": False}, **settings) as bench:
        bench.step(6)
        assert (bench.digest(), "backward" in direct.plain[len(used) :]) == (digest, True)
