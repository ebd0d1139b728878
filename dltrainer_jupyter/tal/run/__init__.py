"""The handle of a run, which every verb gives back.

What lives here: one class, in parts: which run it is (``identity.py``), what it obeys (``steering.py``), what it has
found (``findings.py``), and the handle itself, with what is made of a run as a whole (``handle.py``).
What does not live here: how any of that is done (the rooms below, and the other modules of ``tal``).
"""

from __future__ import annotations

from dltrainer_jupyter.tal.control import Control
from dltrainer_jupyter.tal.run.handle import Run

__all__ = ["Control", "Run"]
