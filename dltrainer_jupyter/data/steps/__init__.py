"""The steps a preprocessing chain is made of, a topic a file.

A step that people can ask for by name has a nested ``Config`` and is made of it by ``from_config``. What does not live
here: random changes (augmentation, which is the adapters'), and how a chain is fitted, written down and read back
(:mod:`~dltrainer_jupyter.data.preprocessing`).
"""

from dltrainer_jupyter.data.steps.base import Step
from dltrainer_jupyter.data.steps.columns import Columns
from dltrainer_jupyter.data.steps.raw_input import RawInput
from dltrainer_jupyter.data.steps.scaling import Normalize, Scale, Standardize
from dltrainer_jupyter.data.steps.shapes import Reshape, Resize
from dltrainer_jupyter.data.steps.windows import Patches, Windows

__all__ = [
    "Columns",
    "Normalize",
    "Patches",
    "RawInput",
    "Reshape",
    "Resize",
    "Scale",
    "Standardize",
    "Step",
    "Windows",
]
