"""MLflow: a run's copy at a tracking server or in a database of MLflow's.

What lives here: what MLflow is told of a run, by its own client. What does not: when it is told, and what was told
already (the relay). The client is imported when a run is opened.
"""

from dltrainer_jupyter.trackers.mlflow.tracker import MLflow

__all__ = ["MLflow"]
