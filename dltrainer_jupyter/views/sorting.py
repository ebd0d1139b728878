"""How examples may be put in order; known without a store."""

from __future__ import annotations

from typing import Literal

Sort = Literal["index", "confidence", "-confidence", "loss", "-loss", "score", "-score"]
"""With a minus the greatest first."""
MOST = 200
"""Examples that are described at once."""
MOST_MATRICES = 200
"""Confusion matrices that are given at once."""
