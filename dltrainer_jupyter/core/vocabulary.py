"""The verbs and options of every face, in the same words: the magics and the command line are built from these tables.

What a verb does is said by :mod:`dltrainer_jupyter.tal`; what lives here is what it is called, what it takes, and the
one line that explains it. Standard library only, so that completion and ``--help`` cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dltrainer_jupyter.core.registry import Kind

Subject = Literal[
    "none",
    "run",
    "runs",
    "some",
    "settings",
    "changes",
    "input",
    "set",
    "file",
    "part",
    "plug-in",
    "mirror",
    "configuration",
    "checks",
]


@dataclass(frozen=True)
class Option:
    """An option and the setting it stands for."""

    flag: str
    """Such as ``"--batch-size"``."""
    help: str
    metavar: str = ""
    """What its value is called in a usage line; empty for a switch."""
    type: type[int] | type[float] | type[str] = str
    key: str = ""
    """Key of the specification it sets; empty if it sets none."""
    names: Kind | None = None
    """Which kind of registered names it takes."""
    many: bool = False
    """Whether it takes several values."""

    @property
    def attribute(self) -> str:
        """The flag as an identifier."""
        return self.flag.lstrip("-").replace("-", "_")


EPOCHS = Option("--epochs", "Passes over the training data.", "N", int, key="epochs")
EXECUTOR = Option(
    "--executor", "Where to train: thread, process or inline.", "PLACE", key="executor", names="executors"
)
SET = Option("--set", "Any setting by its key, such as model.dropout=0.1.", "KEY=VALUE", many=True)
WAIT_FOR_RELAYS = Option("--wait", "Wait for what is being sent already of runs that have ended.")
CHECKPOINT = Option("--checkpoint", "Which checkpoint: best (the default), last, or its step.", "WHICH")
RELOAD = Option("--reload", "Read the plug-in folder again first.")
OF_FRAMEWORK = Option("--framework", "Only those for this framework.", "NAME", names="adapters")
OF_TASK = Option("--task", "Only those for this task: classification, regression, segmentation, detection.", "TASK")
STEP = Option("--step", "Begin with the weights of the checkpoint at this step; they are fresh by default.", "N", int)
RUN = Option("--run", "Which run, by id, beginning of the id, or name; by default the newest.", "RUN")

SETTINGS: tuple[Option, ...] = (
    Option("--framework", "The framework that trains.", "NAME", key="framework", names="adapters"),
    EXECUTOR,
    EPOCHS,
    Option("--batch-size", "Samples in a step.", "N", int, key="batch_size"),
    Option("--lr", "Base learning rate.", "X", float, key="learning_rate"),
    Option("--seed", "Everything random in the run derives from it.", "N", int, key="seed"),
    Option("--monitor", "Metric that decides which checkpoint is best.", "METRIC", key="monitor"),
    Option("--track", "Tracker that receives a copy of the history.", "NAME", key="track", names="trackers", many=True),
    SET,
)
"""What every way to start a training takes."""
_LISTING = (RELOAD, OF_FRAMEWORK, OF_TASK)


@dataclass(frozen=True)
class Word:
    """A verb as a person writes it."""

    name: str
    help: str
    """One sentence."""
    subject: Subject = "run"
    """What it takes: nothing, one run, several runs, some runs or none for all, a run and settings, a run with settings
    or without, an input to predict, a data set or none for its own, a file to write, the name of a part, the file of a
    plug-in, a mirror and runs in it, settings of a new run, or names of checks, none for all."""
    options: tuple[Option, ...] = ()
    names_its_run: bool = False
    """Whether the run must be named even where another verb would take the newest one."""
    parts: Kind | None = None
    """The kind of parts it lists."""


WORDS: dict[str, Word] = {
    word.name: word
    for word in (
        Word("pause", "Rest after the current step, in memory, until resumed."),
        Word(
            "resume",
            "Go on: a paused run at once, an ended one from its last checkpoint.",
            options=(Option("--epochs", "New number of epochs in all.", "N", int), EXECUTOR),
        ),
        Word("suspend", "Write a checkpoint and free the memory; resume goes on exactly there."),
        Word("stop", "Write a checkpoint and end."),
        Word("checkpoint", "Write a checkpoint that is kept."),
        Word("set", "Change settings of a live run from the next step on, such as learning_rate=1e-4.", "settings"),
        Word(
            "clone",
            "Start a new run from a run's settings, with changes such as learning_rate=1e-4.",
            "changes",
            options=(STEP,),
            names_its_run=True,
        ),
        Word("delete", "Remove an ended run with its history and files.", names_its_run=True),
        Word("restore", "Bring runs back from a mirror, a folder or URL, by default DLTRAINER_MIRROR.", "mirror"),
        Word(
            "sync",
            "Send to trackers what is left over, of these runs or of all.",
            "some",
            options=(WAIT_FOR_RELAYS,),
        ),
        Word("form", "Show a form for a new run, with these settings to begin with.", "configuration"),
        Word("runs", "List runs, newest first.", "none"),
        Word("status", "Say in one line where a run stands."),
        Word("panel", "Show the live panel of a run, and bind the run to `run` and to its name."),
        Word("show", "Show a run in full: settings, metrics, checkpoints."),
        Word("compare", "Put runs side by side, or checkpoints: RUN@best, RUN@last, RUN@STEP.", "runs"),
        Word("report", "Write a run as a .ipynb, .html or .md file that is readable when nothing runs.", "file"),
        Word("predict", "Predict arrays or files with a checkpoint of a run.", "input", options=(RUN, CHECKPOINT)),
        Word(
            "test",
            "Measure a checkpoint on a whole data set, or on what the run held back.",
            "set",
            options=(RUN, CHECKPOINT),
        ),
        Word("doctor", "Look for what is broken, and say what mends it.", "checks"),
        Word("check-plugin", "Check a plug-in's file, and try what it brings; its code is run.", "plug-in"),
        Word("models", "List models, or the settings of one.", "part", _LISTING, parts="models"),
        Word("layers", "List the layers of a stacked model, or the settings of one.", "part", _LISTING, parts="layers"),
        Word("optimizers", "List optimizers, or the settings of one.", "part", _LISTING, parts="optimizers"),
        Word("losses", "List losses, or the settings of one.", "part", _LISTING, parts="losses"),
        Word(
            "regularizations",
            "List regularizations, or the settings of one.",
            "part",
            _LISTING,
            parts="regularizations",
        ),
        Word(
            "schedulers", "List learning-rate schedules, or the settings of one.", "part", _LISTING, parts="schedules"
        ),
        Word("augmentations", "List augmentations, or the settings of one.", "part", _LISTING, parts="augmentations"),
        Word(
            "preprocessing",
            "List preprocessing steps, or the settings of one.",
            "part",
            _LISTING,
            parts="preprocessing",
        ),
        Word(
            "postprocessing",
            "List postprocessing steps, or the settings of one.",
            "part",
            _LISTING,
            parts="postprocessing",
        ),
        Word("metrics", "List metrics, or the settings of one.", "part", _LISTING, parts="metrics"),
        Word("data", "List data sets, or the settings of one.", "part", _LISTING, parts="data"),
        Word("trackers", "List trackers, or the settings of one.", "part", _LISTING, parts="trackers"),
    )
}
"""Every verb by its name, in the order of a help text."""
