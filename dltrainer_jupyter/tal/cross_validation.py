"""Several runs of one description, each with another part of the data held back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltrainer_jupyter.core.errors import ConfigurationError, TrainingFailed, brief
from dltrainer_jupyter.tal.configuration import merged, read_file
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.tal.submit import submit

if TYPE_CHECKING:
    import pandas as pd

_MOST = 1000


@dataclass(frozen=True)
class CrossValidation:
    """What runs found, each on the part that it had held back."""

    runs: tuple[Run, ...]
    """In the order of the folds."""
    metrics: pd.DataFrame
    """A row a fold: what its last validation measured, columns as in ``run.metrics()``."""

    @property
    def mean(self) -> pd.Series[float]:
        """The mean of each metric over the folds."""
        return self.metrics.mean()

    @property
    def deviation(self) -> pd.Series[float]:
        """The standard deviation of each metric over the folds (n - 1)."""
        return self.metrics.std(ddof=1)

    def __repr__(self) -> str:
        """Say mean and deviation of what was measured on what was held back."""
        held_back = [name for name in self.metrics if str(name).startswith("val_")]
        said = ", ".join(f"{name} {self.mean[str(name)]:.4g} ± {self.deviation[str(name)]:.2g}" for name in held_back)
        return f"<CrossValidation of {len(self.runs)} runs: {said or 'nothing measured'}>"


def cross_validate(
    model: Any = None,
    data: Any = None,
    *,
    k: int = 5,
    config: Mapping[str, Any] | str | Path | None = None,
    **settings: Any,
) -> CrossValidation:
    """Train so many runs one after the other, each with another part of the data held back, and wait for them.

    The parts are of one size, hold each class alike where they can, and divide no group if ``validation`` names
    ``groups``. Runs are called as the description says, with the number of their fold behind it.

    Parameters
    ----------
    model, data : object
        As for :func:`dltrainer_jupyter.tal.train`.
    k : int, default 5
        How many.
    config : mapping or path, optional
        Settings, or a YAML file of them; arguments go before it.
    **settings
        Any setting of :func:`dltrainer_jupyter.tal.train`; of ``validation`` all but what decides the parts.

    Returns
    -------
    CrossValidation
        ``runs``, ``metrics``, ``mean`` and ``deviation``.

    Raises
    ------
    ConfigurationError
        If a value can't be used; nothing has been started then.
    TrainingFailed
        If a run fails, or ends before anything was measured; those before it stay.

    Notes
    -----
    M. Stone, "Cross-Validatory Choice and Assessment of Statistical Predictions", Journal of the Royal Statistical
    Society B (1974).

    Examples
    --------
    >>> tal.cross_validate("mlp", "wine", k=5, epochs=20, metrics=["accuracy"]).mean  # doctest: +SKIP
    """
    if type(k) is not int or not 2 <= k <= _MOST:  # noqa: PLR2004 - one part is none
        msg = f"k: expected a whole number from 2 to {_MOST:,}, got {brief(k)}."
        raise ConfigurationError(msg)
    base = read_file(config) if isinstance(config, str | Path) else dict(config or {})
    arguments = {"model": model, "data": data, **settings}
    given = merged(base, {key: value for key, value in arguments.items() if value is not None})
    asked = given.get("validation") or {}
    if not isinstance(asked, Mapping):
        msg = f"validation: cross-validation decides what is held back, got {brief(asked)}; leave it out."
        raise ConfigurationError(msg)
    # All are checked before the first begins; the first stands for the others.
    described = [describe({**given, "validation": {**asked, "folds": k, "fold": fold}}) for fold in range(k)]
    runs = []
    for fold, (spec, own) in enumerate(described, start=1):
        named = spec.model_copy(update={"name": f"{spec.name[:100]} fold {fold} of {k}"})
        runs.append(_measured(submit(named, own).wait()))
    return CrossValidation(tuple(runs), _last_of_each(runs))


def _measured(run: Run) -> Run:
    """Give a run that has measured something.

    Raises
    ------
    TrainingFailed
        If it ended before its first epoch was over.
    """
    if run.metrics().empty:
        msg = (
            f"Run '{run.name}' ({run.id}) {run.record.state.said} and has measured nothing yet, so cross-validation "
            "ends here: expected each fold to go on for an epoch at least; start it again."
        )
        raise TrainingFailed(msg)
    return run


def _last_of_each(runs: list[Run]) -> pd.DataFrame:
    """Give what the last epoch of each run measured that was validated."""
    import pandas as pd

    rows = {}
    for fold, run in enumerate(runs, start=1):
        found = run.metrics()
        measured = [name for name in found if str(name).startswith(("train_", "val_"))]
        validated = found.dropna(subset=["val_loss"]) if "val_loss" in found else found
        rows[fold] = validated[measured].iloc[-1]
    return pd.DataFrame(rows).T.rename_axis("fold")
