"""What every adapter must do, whatever framework lies under it.

Examples
--------
>>> class TestMyFramework(AdapterContract):  # doctest: +SKIP
...     framework = "mine"
...     supports = frozenset({"ema", "gradient_clipping"})
"""

from __future__ import annotations

from dltrainer_jupyter.testing.adapter_explaining import ExplainingContract
from dltrainer_jupyter.testing.adapter_fixtures import ABILITIES
from dltrainer_jupyter.testing.adapter_inspection import InspectionContract
from dltrainer_jupyter.testing.adapter_state import StateContract
from dltrainer_jupyter.testing.adapter_steps import StepsContract
from dltrainer_jupyter.testing.adapter_stretches import StretchesContract

__all__ = ["ABILITIES", "AdapterContract"]


class AdapterContract(StepsContract, StretchesContract, StateContract, InspectionContract, ExplainingContract):
    """Subclass it, name the framework and what it supports, and override fixtures if need be.

    What can be told and overridden stands in :class:`~dltrainer_jupyter.testing.adapter_fixtures.AdapterFixtures`.
    """
