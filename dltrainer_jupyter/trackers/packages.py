"""What is said where a tracker's client can't be imported."""

from __future__ import annotations

from dltrainer_jupyter.core.shortening import shortened

_LONGEST = 200


def not_importable(error: ImportError, called: str, client: str, *, brings_all: bool = True) -> str:
    r"""Say which package is missing or broken, and the command that mends it.

    Parameters
    ----------
    error : ImportError
        What importing raised.
    called : str
        What the tracker calls itself.
    client : str
        Its package, and the extra of ours that brings it.
    brings_all : bool, default True
        Whether the extra brings whatever the client imports; if not, another package that is missing is named itself.

    Examples
    --------
    >>> not_importable(ModuleNotFoundError("No module named 'wandb'", name="wandb"), "W&B", "wandb")
    'W&B isn\'t installed here: pip install "dltrainer-jupyter[wandb]".'
    """
    extra = f'"dltrainer-jupyter[{client}]"'
    package = (error.name or "").partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and package == client:
        return f"{called} isn't installed here: pip install {extra}."
    if isinstance(error, ModuleNotFoundError) and package:
        cure = extra if brings_all else package
        return f"{called} needs the package {package}, which isn't installed here: pip install {cure}."
    why = shortened(str(error), _LONGEST).rstrip(".")
    return f"{called} can't be imported ({why}): pip install --upgrade {extra}."
