"""TensorBoard: a run's history as event files, which its web page and its readers open.

What lives here: the tracker and its settings (``tracker``), what becomes of what it is told (``writing``), the files of
a run (``log``, ``held``), and what is written into them (``summaries``, ``hparams``, ``graph``). TensorFlow isn't
needed, and is never imported; TensorBoard is when a run is opened.
"""

from dltrainer_jupyter.trackers.tensorboard.tracker import TensorBoard

__all__ = ["TensorBoard"]
