"""Losses by name have the same value and the same slope on every framework, which is that of PyTorch's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tensorflow as tf
import torch
from torch.nn import functional

from dltrainer_jupyter.core import registry

if TYPE_CHECKING:
    from collections.abc import Callable

FRAMEWORKS = ("pytorch", "tensorflow", "jax")
ROWS, CLASSES = 16, 5
OF_FIVE, OF_TWO = (0.5, 1.0, 2.0, 1.5, 3.0), (0.3, 2.0)
_RNG = np.random.default_rng(0)
LOGITS = 2 * _RNG.normal(size=(ROWS, CLASSES)).astype(np.float32)
INDICES = _RNG.integers(0, CLASSES, ROWS)
SHARES = _RNG.dirichlet(np.ones(CLASSES), ROWS).astype(np.float32)
ONE = _RNG.normal(size=(ROWS, 1)).astype(np.float32)
BINARY = _RNG.integers(0, 2, (ROWS, 1)).astype(np.float32)
VALUES = 3 * _RNG.normal(size=(ROWS, 3)).astype(np.float32)
TRUE = _RNG.normal(size=(ROWS, 3)).astype(np.float32)
COUNTS = _RNG.poisson(3, (ROWS, 3)).astype(np.float32)
PIXELS = _RNG.normal(size=(4, 3, 6)).astype(np.float32)
KINDS = _RNG.integers(0, 3, (4, 6))
SATURATED = 200
"""Times this, a probability is 1 in single precision."""


def computed(framework: str, name: str, settings: Any, outputs: Any, targets: Any, **weights: Any) -> tuple[Any, Any]:
    """Give a loss's value and its gradient."""
    kind = registry.find("losses", name, framework)
    loss = kind(kind.Config(**settings)).build(**weights)
    if framework == "pytorch":
        return torch_value(loss, outputs, targets)
    if framework == "jax":
        value, slope = jax.value_and_grad(lambda it: loss(it, jnp.asarray(targets)))(jnp.asarray(outputs))
        return float(value), np.asarray(slope)
    given = tf.constant(np.moveaxis(outputs, 1, -1))
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = loss(given, tf.constant(targets))
    return float(found), np.moveaxis(tf.convert_to_tensor(tape.gradient(found, given)).numpy(), -1, 1)


def torch_value(loss: Callable[..., Any], outputs: Any, targets: Any) -> tuple[Any, Any]:
    given = torch.tensor(outputs, requires_grad=True)
    value = loss(given, torch.tensor(targets))
    value.backward()
    assert given.grad is not None
    return value.item(), given.grad.numpy()


F = functional
W5, W2 = torch.tensor(OF_FIVE), torch.tensor(OF_TWO)


def _weighed_bce(outputs: Any, targets: Any) -> Any:
    share = W2[targets.long()]
    each = F.binary_cross_entropy_with_logits(outputs, targets, reduction="none")
    return (share * each).sum() / share.sum()


def _focal(outputs: Any, targets: Any, weights: Any = None) -> Any:
    """As Lin et al. (2017) have it, equation 4."""
    right = outputs.softmax(1).gather(1, targets[:, None])[:, 0]
    each = -((1 - right) ** 1.5) * right.log()
    return each.mean() if weights is None else (weights[targets] * each).sum() / weights[targets].sum()


def _shared_focal(outputs: Any, shares: Any) -> Any:
    likely = outputs.softmax(1)
    return -(W5 * shares * (1 - likely) ** 1.5 * likely.log()).sum(1).mean()


def _binary_focal(outputs: Any, targets: Any) -> Any:
    """Equation 5."""
    likely = outputs.sigmoid()
    right = torch.where(targets == 1, likely, 1 - likely)
    alpha = torch.where(targets == 1, 0.25, 0.75)
    return (-alpha * (1 - right) ** 2 * right.log()).mean()


LOG_SHARES = torch.tensor(LOGITS).log_softmax(1).numpy()
SMOOTHED = {"label_smoothing": 0.1}
CASES: list[tuple[str, dict[str, Any], Any, Any, Any, Callable[..., Any]]] = [
    ("cross_entropy", {}, LOGITS, INDICES, None, F.cross_entropy),
    ("cross_entropy", {}, LOGITS, SHARES, OF_FIVE, lambda o, t: F.cross_entropy(o, t, W5)),
    ("cross_entropy", SMOOTHED, LOGITS, INDICES, None, lambda o, t: F.cross_entropy(o, t, **SMOOTHED)),
    ("cross_entropy", SMOOTHED, LOGITS, SHARES, None, lambda o, t: F.cross_entropy(o, t, **SMOOTHED)),
    ("cross_entropy", SMOOTHED, LOGITS, INDICES, OF_FIVE, lambda o, t: F.cross_entropy(o, t, W5, **SMOOTHED)),
    ("cross_entropy", {}, PIXELS, KINDS, None, F.cross_entropy),
    ("nll", {}, LOG_SHARES, INDICES, OF_FIVE, lambda o, t: F.nll_loss(o, t, W5)),
    (
        "bce",
        {"pos_weight": 3.0},
        ONE,
        BINARY,
        None,
        lambda o, t: F.binary_cross_entropy_with_logits(o, t, pos_weight=torch.tensor(3.0)),
    ),
    ("bce", {}, ONE, BINARY, OF_TWO, _weighed_bce),
    ("hinge", {"margin": 0.5}, LOGITS, INDICES, None, lambda o, t: F.multi_margin_loss(o, t, margin=0.5)),
    ("hinge", {}, ONE, BINARY, None, lambda o, t: (1 - (2 * t - 1) * o).clamp(min=0).mean()),
    ("focal", {"gamma": 1.5}, LOGITS, INDICES, None, _focal),
    ("focal", {"gamma": 1.5}, LOGITS, INDICES, OF_FIVE, lambda o, t: _focal(o, t, W5)),
    ("focal", {"gamma": 1.5}, LOGITS, SHARES, OF_FIVE, _shared_focal),
    ("focal", {"gamma": 0}, LOGITS, INDICES, OF_FIVE, lambda o, t: F.cross_entropy(o, t, W5)),
    ("focal", {"gamma": 2, "alpha": 0.25}, ONE, BINARY, None, _binary_focal),
    ("focal", {"gamma": 0}, ONE, BINARY, OF_TWO, _weighed_bce),
    ("mse", {}, VALUES, TRUE, None, F.mse_loss),
    ("mae", {}, VALUES, TRUE, None, F.l1_loss),
    ("mae", {}, VALUES, VALUES, None, F.l1_loss),
    ("huber", {"delta": 0.3}, VALUES, TRUE, None, lambda o, t: F.huber_loss(o, t, delta=0.3)),
    ("smooth_l1", {"beta": 0.3}, VALUES, TRUE, None, lambda o, t: F.smooth_l1_loss(o, t, beta=0.3)),
    ("log_cosh", {}, VALUES, TRUE, None, lambda o, t: (o - t).cosh().log().mean()),
    ("poisson", {}, VALUES, COUNTS, None, F.poisson_nll_loss),
    (
        "poisson",
        {"log_input": False},
        abs(VALUES),
        COUNTS,
        None,
        lambda o, t: F.poisson_nll_loss(o, t, log_input=False),
    ),
    ("kl_div", {}, LOGITS, SHARES, None, lambda o, t: F.kl_div(o.log_softmax(1), t, reduction="batchmean")),
]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("case", CASES, ids=[f"{name}-{at}" for at, (name, *_) in enumerate(CASES)])
def test_it_is_what_pytorch_computes(framework: str, case: tuple[Any, ...]) -> None:
    name, settings, outputs, targets, weights, reference = case
    weighed = {} if weights is None else {"class_weights": weights}
    value, slope = computed(framework, name, settings, outputs, targets, **weighed)
    expected, expected_slope = torch_value(reference, outputs, targets)
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=1e-7)
    np.testing.assert_allclose(slope, expected_slope, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize(
    ("outputs", "targets"), [(LOGITS, INDICES), (LOGITS, SHARES), (ONE, BINARY)], ids=["classes", "shares", "one"]
)
def test_focal_learns_from_samples_beside_ones_it_is_sure_of(framework, gamma, outputs, targets) -> None:
    value, slope = computed(framework, "focal", {"gamma": gamma}, SATURATED * outputs, targets)
    assert np.isfinite(value)
    assert np.isfinite(slope).all()
    assert abs(slope).max() > 0.01


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_l1_leaves_a_parameter_alone_that_is_0(framework) -> None:
    kind = registry.find("regularizations", "l1", framework)
    compute = kind(kind.Config()).build()
    start = np.array([0.0, 2.0, -3.0], np.float32)
    if framework == "jax":
        slope: Any = jax.grad(lambda it: compute({"bias": it}))(jnp.asarray(start))
    elif framework == "pytorch":
        _, slope = torch_value(lambda it, _: compute({"bias": it}), start, 0)
    else:
        given = tf.constant(start)
        with tf.GradientTape() as tape:
            tape.watch(given)
            total = compute({"bias": given})
        slope = tape.gradient(total, given)
    np.testing.assert_array_equal(np.asarray(slope), [0, 1, -1])
