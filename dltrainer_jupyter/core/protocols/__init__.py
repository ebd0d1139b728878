"""The seams of the house: what a part must offer so that the loop can work with it.

Nothing here is inherited from; a class fits by its shape. Arrays are NumPy's on this side of the
adapter and the framework's own (``Any``) on the other.
"""

from typing import TYPE_CHECKING

from dltrainer_jupyter.core.protocols.data import (
    Dataset,
    DataSource,
    Lazy,
    Partition,
    ResumeKind,
    Samples,
    Signature,
    Stream,
    Task,
)
from dltrainer_jupyter.core.protocols.evaluation import Examiner, Explains
from dltrainer_jupyter.core.protocols.executors import Executor
from dltrainer_jupyter.core.protocols.frameworks import (
    Adapter,
    Lends,
    Predictor,
    SeveralBatches,
    SeveralSteps,
    Stretch,
)
from dltrainer_jupyter.core.protocols.inspection import (
    Distribution,
    Inspected,
    Inspects,
    InspectsGradients,
    TimesLayers,
)
from dltrainer_jupyter.core.protocols.measures import Interval, Metric, Schedule, ScheduleRates
from dltrainer_jupyter.core.protocols.recipes import (
    Batch,
    BuildContext,
    Composes,
    Course,
    Follower,
    LossFunction,
    NativeRecipe,
    Objective,
    Ops,
    Recipe,
    StepOutput,
)
from dltrainer_jupyter.core.protocols.state import AVERAGED, FullState, NamedArrays, RawArray, TrainState
from dltrainer_jupyter.core.protocols.trackers import Reachable, TakesModel, Tracker
from dltrainer_jupyter.core.protocols.weights import KnowsWeightFiles, OwnWeights, SavesWeights

if TYPE_CHECKING:
    from dltrainer_jupyter.core.protocols.state import Array as Array

__all__ = [
    "AVERAGED",
    "Adapter",
    "Batch",
    "BuildContext",
    "Composes",
    "Course",
    "DataSource",
    "Dataset",
    "Distribution",
    "Examiner",
    "Executor",
    "Explains",
    "Follower",
    "FullState",
    "Inspected",
    "Inspects",
    "InspectsGradients",
    "Interval",
    "KnowsWeightFiles",
    "Lazy",
    "Lends",
    "LossFunction",
    "Metric",
    "NamedArrays",
    "NativeRecipe",
    "Objective",
    "Ops",
    "OwnWeights",
    "Partition",
    "Predictor",
    "RawArray",
    "Reachable",
    "Recipe",
    "ResumeKind",
    "Samples",
    "SavesWeights",
    "Schedule",
    "ScheduleRates",
    "SeveralBatches",
    "SeveralSteps",
    "Signature",
    "StepOutput",
    "Stream",
    "Stretch",
    "TakesModel",
    "Task",
    "TimesLayers",
    "Tracker",
    "TrainState",
]
