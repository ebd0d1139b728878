"""Interactive bqplot figures of a run, to be put together with other widgets and to call Python when selected.

One kind a file; ``choosing`` knows them all.
"""

from dltrainer_jupyter.widgets.figures.choosing import figure
from dltrainer_jupyter.widgets.figures.frame import MOST_POINTS, Chooser, NothingToPlotError

__all__ = ["MOST_POINTS", "Chooser", "NothingToPlotError", "figure"]
