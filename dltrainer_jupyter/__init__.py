"""DLTrainer for Jupyter: a training studio that lives in the notebook.

``%load_ext dltrainer_jupyter`` gives the ``%%dltrain`` cell; ``from dltrainer_jupyter import tal`` the same verbs in
Python, and ``from dltrainer_jupyter import register`` makes a class a part with a name. Importing this package imports
no framework, no database and no widget.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from dltrainer_jupyter import tal
    from dltrainer_jupyter.core.registry import register

__all__ = ["load_ipython_extension", "register", "tal", "unload_ipython_extension"]


def __getattr__(name: str) -> Any:
    """Import the public names when they are first used."""
    if name == "tal":
        return importlib.import_module("dltrainer_jupyter.tal")
    if name == "register":
        return importlib.import_module("dltrainer_jupyter.core.registry").register
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("dltrainer-jupyter")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics; called by ``%load_ext dltrainer_jupyter``.

    Parameters
    ----------
    shell : InteractiveShell
        IPython's.
    """
    importlib.import_module("dltrainer_jupyter.magics").load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove the magics; called by ``%unload_ext dltrainer_jupyter``.

    Parameters
    ----------
    shell : InteractiveShell
        IPython's.
    """
    importlib.import_module("dltrainer_jupyter.magics").unload(shell)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Say where the Jupyter server finds the extension; it imports that only once it is enabled."""
    return [{"module": "dltrainer_jupyter.server"}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Say where the built JupyterLab extension lies, for those who link it into a JupyterLab."""
    return [{"src": "labextension", "dest": "dltrainer-jupyter"}]
