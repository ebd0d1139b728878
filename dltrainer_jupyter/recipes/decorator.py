"""``@tal.recipe``, and the settings ``train_step`` and ``eval_step``: how functions become a recipe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.recipes.own_step import OwnStep

STEPS = ("train_step", "eval_step")
"""Settings that make a recipe of functions."""


@overload
def recipe(train_step: Callable[..., Any], eval_step: Callable[..., Any] | None = None) -> OwnStep: ...


@overload
def recipe(
    train_step: None = None, eval_step: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], OwnStep]: ...


def recipe(
    train_step: Callable[..., Any] | None = None, eval_step: Callable[..., Any] | None = None
) -> OwnStep | Callable[[Callable[..., Any]], OwnStep]:
    """Make a recipe of a training step, by a call or as a decorator.

    What the function is called with is told by the names of its parameters: ``model``; ``x`` and ``y``, or ``batch``;
    ``loss``, the run's loss as a function of outputs and targets. What it does follows from them:

    - ``train_step(model, x, y)`` returns the loss, or ``(loss, outputs)``, or ``{"loss": …, "outputs": …, "kl": …}``,
      whose other numbers become series of their own. The run makes the update, so accumulation, clipping, precision,
      averages of weights and ``on_nan`` work as ever; on PyTorch, Keras and JAX.
    - ``train_step(model, x, y, optimizer)`` makes the update itself, in PyTorch or Keras, and returns the same.
    - ``train_step(state, batch, ops)`` has nets and optimizers in ``state``, makes updates by ``ops.update`` and
      returns ``(state, loss)``.

    Parameters
    ----------
    train_step : callable, optional
        Learns from a batch. Left out, a decorator is returned.
    eval_step : callable, optional
        Measures on a batch, with the same parameters but the optimizer, and returns the same. By default
        ``train_step`` itself, without gradients and in evaluation mode; where that makes its own update, the run's
        loss of what the model gives. Metrics are measured on ``outputs``, or in validation, where the function
        returns none, on what the model gives for ``x`` in another pass.

    Returns
    -------
    OwnStep
        For ``tal.train(recipe=…)``; its ``evaluation`` is a decorator for the evaluation step.

    Raises
    ------
    ConfigurationError
        If a parameter has a name that means nothing here.

    Notes
    -----
    The example is the variational autoencoder of D. P. Kingma and M. Welling, "Auto-Encoding Variational Bayes", ICLR
    (2014).

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from torch.nn import functional as F
    >>> class VAE(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.encoder, self.decoder = nn.Linear(64, 16), nn.Linear(8, 64)
    ...
    ...     def forward(self, x):
    ...         mean, log_var = self.encoder(x).chunk(2, dim=1)
    ...         z = mean + torch.randn_like(mean) * (log_var / 2).exp()
    ...         return self.decoder(z), mean, log_var
    >>> @recipe
    ... def vae(model, x):
    ...     decoded, mean, log_var = model(x)
    ...     fit = F.mse_loss(decoded, x, reduction="none").sum(1).mean()
    ...     kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(1).mean()
    ...     return {"loss": fit + kl, "fit": fit, "kl": kl}
    >>> run = tal.train(model=VAE(), data=(x, x), recipe=vae)  # doctest: +SKIP
    """
    if train_step is None:
        return lambda function: OwnStep(function, eval_step)
    return OwnStep(train_step, eval_step)


def take_steps(values: dict[str, Any], inherited: frozenset[str] = frozenset()) -> None:
    """Put a recipe in the place of the functions ``train_step`` and ``eval_step`` among settings.

    Parameters
    ----------
    values : dict
        Settings, changed in place.
    inherited : frozenset of str, optional
        Keys of another run's settings, which nobody asks for anew.

    Raises
    ------
    ConfigurationError
        If they can't be used, or there is a recipe besides.
    """
    given = {key: values.pop(key) for key in STEPS if values.get(key) is not None}
    if not given:
        return
    if "train_step" not in given:
        msg = "eval_step: expected a train_step beside it, got none."
        raise ConfigurationError(msg)
    if values.get("recipe") is not None and "recipe" not in inherited:
        msg = f"train_step: the recipe is {brief(values['recipe'])} already; leave one of them out."
        raise ConfigurationError(msg)
    values["recipe"] = OwnStep(**given)
