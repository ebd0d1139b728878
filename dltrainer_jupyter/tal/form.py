"""The form of a run in the notebook, by the same settings as ``train``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.recipes.decorator import STEPS
from dltrainer_jupyter.tal.configuration import given, read_text
from dltrainer_jupyter.tal.drafting import drafted


def form(
    model: Any = None,
    data: Any = None,
    *,
    config: Mapping[str, Any] | str | Path | None = None,
    in_place: bool = False,
    **settings: Any,
) -> Any:
    r"""Show a form for a run: every setting by its name, the same as YAML beside it, and a button that starts it.

    Nothing is trained until *Start training* is pressed, and each press starts another run, whose panel appears
    below the form, the newest on top.

    Parameters
    ----------
    model : str, mapping, torch.nn.Module or callable, optional
        What the form begins with, as for :func:`train`. An object of your own stands in the YAML as ``$name``; another
        choice in the form takes its place.
    data : str, mapping or tuple, optional
        Likewise: a name, a mapping of settings, or ``(x, y)``.
    config : mapping or path, optional
        Settings, or a YAML file of them; arguments go before it.
    in_place : bool, default False
        Train the model object itself instead of a copy.
    **settings
        Any other setting of :func:`train`. A value that can't be used is marked in the form.

    Returns
    -------
    Form
        In a notebook its display is the form. ``yaml`` is the text as it stands by now, ``settings`` what it means,
        ``runs`` the runs that were started.

    Raises
    ------
    ConfigurationError
        If there is no setting of a name, or the file can't be read.

    Examples
    --------
    >>> form = tal.form(model="cnn", data="digits", epochs=5)
    >>> print(form.yaml, end="")
    model: cnn
    data: digits
    epochs: 5
    >>> form.settings["epochs"], form.runs
    (5, [])

    Your own objects go along; the form names them.

    >>> def distance(outputs, targets):
    ...     return (outputs - targets).abs().mean()
    >>> tal.form(data="diabetes", model="mlp", loss=distance).yaml
    'model: mlp\ndata: diabetes\nloss: $distance\n'
    """
    arguments = {"model": model, "data": data, **settings}
    values = given(config, arguments)
    _refuse_unknown(values)
    alone = all(value is None for value in arguments.values())
    text = read_text(config) if alone and isinstance(config, str | Path) else None
    return registry.find("faces", "form")(drafted(values, text=text, in_place=in_place))


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    """Raise if a key is no setting: it would have no place in a form."""
    unknown = {key: value for key, value in values.items() if key not in RunSpec.model_fields and key not in STEPS}
    if unknown:
        validate(RunSpec, {"model": "", "data": "", **unknown})
