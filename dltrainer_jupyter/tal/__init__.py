"""The Training Abstraction Layer: one set of verbs for every framework, every executor and every face.

    >>> from dltrainer_jupyter import tal
    >>> run = tal.train(model="cnn", data="digits", epochs=2)  # doctest: +SKIP
    >>> run.pause(); run.resume(); run.wait()  # doctest: +SKIP

What lives here: the verbs, the handle of a run, prediction from checkpoints. What does not: how anything is
shown, and how anything is trained.
"""

from dltrainer_jupyter.core.registry import register
from dltrainer_jupyter.recipes.decorator import recipe
from dltrainer_jupyter.tal.beginning import load_weights, save_weights
from dltrainer_jupyter.tal.checkup import doctor
from dltrainer_jupyter.tal.compare import compare
from dltrainer_jupyter.tal.cross_validation import CrossValidation, cross_validate
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.form import form
from dltrainer_jupyter.tal.plug_in_apart import check_plugin
from dltrainer_jupyter.tal.plug_in_folder import reload_plugins
from dltrainer_jupyter.tal.reports import load_report
from dltrainer_jupyter.tal.restore import restore
from dltrainer_jupyter.tal.run import Control, Run
from dltrainer_jupyter.tal.session import get, runs
from dltrainer_jupyter.tal.settings import settings
from dltrainer_jupyter.tal.submit import train
from dltrainer_jupyter.tal.syncing import sync
from dltrainer_jupyter.tal.verbs import (
    checkpoint,
    clone,
    delete,
    get_best_model,
    pause,
    predict,
    resume,
    set,  # noqa: A004 - the verb's name on every face
    stop,
    suspend,
)

__all__ = [
    "Control",
    "CrossValidation",
    "Run",
    "check_plugin",
    "checkpoint",
    "clone",
    "compare",
    "cross_validate",
    "delete",
    "describe",
    "doctor",
    "form",
    "get",
    "get_best_model",
    "load_report",
    "load_weights",
    "pause",
    "predict",
    "recipe",
    "register",
    "reload_plugins",
    "restore",
    "resume",
    "runs",
    "save_weights",
    "set",
    "settings",
    "stop",
    "suspend",
    "sync",
    "train",
]
