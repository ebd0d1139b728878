"""How optimizers step, one weight at a time, in the words that JAX and Keras share.

PyTorch has all but two of these itself; what is written here computes the same. Numbers that PyTorch computes in 64
bits on the host, such as what is left of a decay after so many steps, are computed on the device in 32 here, in ways
that lose nothing where they nearly cancel.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from dltrainer_jupyter.adapters.shared import adaptive

Slots = dict[str, Any]
"""What is kept for a weight, by name."""


class Now(NamedTuple):
    """What a step is made of."""

    xp: Any
    """Where the functions are: ``jax.numpy`` or ``keras.ops``."""
    step: Any
    """Which one it is, counted from 1, in single precision."""
    gradient: Any
    weight: Any
    decay: float
    """Weight decay, for those that see to it themselves."""


@dataclass(frozen=True)
class Rule:
    """How an optimizer steps."""

    begin: Mapping[str, float]
    """What is kept for a weight, and what it begins with."""
    step: Callable[[Now, Slots], tuple[Any, Slots]]
    """Gives what times the learning rate is taken off a weight, and what is kept then."""
    decay: Literal["penalty", "decoupled", "inside"] = "penalty"
    """Where weight decay joins: the gradient, what is taken off, or somewhere in the step itself."""
    numbers: frozenset[str] = field(default=frozenset())
    """What is kept and is one number, not one a value of the weight."""


def rmsprop(config: adaptive.RMSprop.Config) -> Rule:
    """Give the rule of RMSprop."""
    kept = {"square": 0.0}
    kept |= {"mean": 0.0} if config.centered else {}
    kept |= {"momentum": 0.0} if config.momentum else {}

    def step(now: Now, slots: Slots) -> tuple[Any, Slots]:
        xp, gradient = now.xp, now.gradient
        slots = slots | {"square": _mixed(slots["square"], gradient * gradient, config.alpha)}
        spread = slots["square"]
        if config.centered:
            slots["mean"] = _mixed(slots["mean"], gradient, config.alpha)
            # Rounded, it could come out below 0.
            spread = xp.maximum(spread - slots["mean"] * slots["mean"], 0.0)
        change = gradient / (xp.sqrt(spread) + config.eps)
        if config.momentum:
            slots["momentum"] = change = config.momentum * slots["momentum"] + change
        return change, slots

    return Rule(kept, step)


def adagrad(config: adaptive.Adagrad.Config) -> Rule:
    """Give the rule of Adagrad."""

    def step(now: Now, slots: Slots) -> tuple[Any, Slots]:
        total = slots["sum"] + now.gradient * now.gradient
        change = now.gradient / (now.xp.sqrt(total) + config.eps)
        if config.lr_decay:
            change = change / (1 + (now.step - 1) * config.lr_decay)
        return change, {"sum": total}

    return Rule({"sum": config.initial_accumulator_value}, step)


def adadelta(config: adaptive.Adadelta.Config) -> Rule:
    """Give the rule of Adadelta."""

    def step(now: Now, slots: Slots) -> tuple[Any, Slots]:
        xp, eps = now.xp, config.eps
        square = _mixed(slots["square"], now.gradient * now.gradient, config.rho)
        change = xp.sqrt(slots["change"] + eps) / xp.sqrt(square + eps) * now.gradient
        return change, {"square": square, "change": _mixed(slots["change"], change * change, config.rho)}

    return Rule({"square": 0.0, "change": 0.0}, step)


def nadam(config: adaptive.NAdam.Config) -> Rule:
    """Give the rule of NAdam."""
    (first, second), growth = config.betas, config.momentum_decay * math.log(0.96)

    def step(now: Now, slots: Slots) -> tuple[Any, Slots]:
        xp, gradient = now.xp, now.gradient
        share = first * (1 - 0.5 * xp.exp(now.step * growth))
        following = first * (1 - 0.5 * xp.exp((now.step + 1) * growth))
        product = slots["product"] * share
        mean, square = _moments(now, slots, first, second)
        size = xp.sqrt(square / _seen(xp, second, now.step)) + config.eps
        change = gradient * ((1 - share) / (1 - product)) + mean * (following / (1 - product * following))
        return change / size, {"mean": mean, "square": square, "product": product}

    begin = {"mean": 0.0, "square": 0.0, "product": 1.0}
    return Rule(begin, step, _decay(decoupled=config.decoupled_weight_decay), frozenset({"product"}))


def radam(config: adaptive.RAdam.Config) -> Rule:
    """Give the rule of RAdam."""
    first, second = config.betas
    most = 2 / (1 - second) - 1

    def step(now: Now, slots: Slots) -> tuple[Any, Slots]:
        xp = now.xp
        mean, square = _moments(now, slots, first, second)
        known = _length(xp, second, now.step)
        # Below 5, where it isn't taken, it may be no number.
        rectified = (
            xp.sqrt((known - 4) * (known - 2) * most / ((most - 4) * (most - 2) * known)) if most > _ENOUGH else 1
        )
        adapted = rectified * xp.sqrt(_seen(xp, second, now.step)) / (xp.sqrt(square) + config.eps)
        change = mean / _seen(xp, first, now.step) * xp.where(known > _ENOUGH, adapted, 1.0)
        return change, {"mean": mean, "square": square}

    return Rule({"mean": 0.0, "square": 0.0}, step, _decay(decoupled=config.decoupled_weight_decay))


def adamax(config: adaptive.Adamax.Config) -> Rule:
    """Give the rule of Adamax."""
    first, second = config.betas

    def step(now: Now, slots: Slots) -> tuple[Any, Slots]:
        mean = _mixed(slots["mean"], now.gradient, first)
        largest = now.xp.maximum(second * slots["largest"], now.xp.abs(now.gradient) + config.eps)
        return mean / (_seen(now.xp, first, now.step) * largest), {"mean": mean, "largest": largest}

    return Rule({"mean": 0.0, "largest": 0.0}, step)


def lion(config: adaptive.Lion.Config) -> Rule:
    """Give the rule of Lion."""
    first, second = config.betas

    def step(now: Now, slots: Slots) -> tuple[Any, Slots]:
        change = now.xp.sign(_mixed(slots["mean"], now.gradient, first))
        return change, {"mean": _mixed(slots["mean"], now.gradient, second)}

    return Rule({"mean": 0.0}, step, "decoupled")


def lamb(config: adaptive.Lamb.Config) -> Rule:
    """Give the rule of LAMB."""
    first, second = config.betas

    def step(now: Now, slots: Slots) -> tuple[Any, Slots]:
        xp = now.xp
        mean, square = _moments(now, slots, first, second)
        size = xp.sqrt(square / _seen(xp, second, now.step)) + config.eps
        change = mean / _seen(xp, first, now.step) / size + now.decay * now.weight
        length, wanted = xp.sqrt(xp.sum(change * change)), xp.sqrt(xp.sum(now.weight * now.weight))
        both = xp.minimum(length, wanted) > 0
        ratio = xp.where(both, wanted / xp.where(both, length, 1.0), 1.0)
        return ratio * change, {"mean": mean, "square": square}

    return Rule({"mean": 0.0, "square": 0.0}, step, "inside")


# --- their pieces ---------------------------------------------------------------------------------------

_ENOUGH = 5.0
"""Gradients that have to be known to say how much they vary (Liu et al., section 4)."""


def _decay(*, decoupled: bool) -> Literal["penalty", "decoupled"]:
    return "decoupled" if decoupled else "penalty"


def _mixed(before: Any, now: Any, share: float) -> Any:
    return share * before + (1 - share) * now


def _moments(now: Now, slots: Slots, first: float, second: float) -> tuple[Any, Any]:
    gradient = now.gradient
    return _mixed(slots["mean"], gradient, first), _mixed(slots["square"], gradient * gradient, second)


def _seen(xp: Any, decay: float, step: Any) -> Any:
    """Give ``1 - decay ** step``: how much of a mean that began with 0 is of what was seen."""
    return -xp.expm1(step * math.log(decay)) if decay else 1.0


def _length(xp: Any, decay: float, step: Any) -> Any:
    """Give how many gradients a decaying mean knows, ``2 / (1 - decay) - 1 - 2 step decay**step / (1 - decay**step)``.

    The two large numbers nearly cancel at first; there a series is taken in place of their difference.
    """
    if not decay:
        return 1.0 + 0 * step
    speed, most = -math.log(decay), 2 / (1 - decay) - 1
    gone = step * speed
    early = (most - 2 / speed) + step * (1 - gone / 6 + gone**3 / 360 - gone**5 / 15120)
    return xp.where(gone < 1, early, most - 2 * step / xp.maximum(xp.expm1(gone), speed))
