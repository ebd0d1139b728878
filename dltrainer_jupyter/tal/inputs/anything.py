"""Whatever a person asks predictions for: arrays, pictures, or files by their paths."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from os import PathLike
from typing import Any

from dltrainer_jupyter.core.errors import ConfigurationError, brief
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.data.prepared import prepared
from dltrainer_jupyter.data.preprocessing import Prepared
from dltrainer_jupyter.tal.inputs.files import Given, from_images, from_paths
from dltrainer_jupyter.tal.inputs.form import Form, form_of


def taken(given: Any, signature: Signature) -> Given | Prepared:
    """Bring to a model what was handed over for it.

    Parameters
    ----------
    given : array-like, path or PIL.Image.Image, or list of the latter
        Text is a path where the model takes no text.
    signature : Signature
        What the model takes.

    Returns
    -------
    Given or Prepared
        ``inputs`` for the model, and ``merged``, which puts outputs for pieces of a sample together.

    Raises
    ------
    ConfigurationError
        If it isn't what the model takes.
    """
    several = given if isinstance(given, list | tuple) else [given]
    if several and all(map(_is_picture, several)):
        return from_images(several, signature)
    if several and all(isinstance(it, str | PathLike) for it in several):
        form = form_of(signature)
        may_be_a_value = form.is_text or form.table is not None
        if not may_be_a_value or not any(isinstance(it, str) for it in several):
            _refuse_missing(several, form)
            return from_paths(several, signature)
    return prepared(signature, given)


def _refuse_missing(paths: Sequence[str | PathLike[str]], form: Form) -> None:
    for path in paths:
        if not os.path.lexists(path):
            msg = (
                f"inputs: expected {form}, or paths of files, got {brief(os.fspath(path))}, and there is no such file."
            )
            raise ConfigurationError(msg)


def _is_picture(it: Any) -> bool:
    # It can only be one if its package is already imported; another thread may be at it.
    return isinstance(it, getattr(sys.modules.get("PIL.Image"), "Image", ()))
