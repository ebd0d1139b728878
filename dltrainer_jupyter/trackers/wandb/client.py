"""The client of W&B: begun quietly, and ended without a trace in this process."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from dltrainer_jupyter.core.errors import TrackerError, brief
from dltrainer_jupyter.trackers.environment import environment

if TYPE_CHECKING:
    import wandb

_SERVICE = "wandb-core"
_IN_USE = threading.Lock()
_running: set[str] = set()
"""Keys of the runs that use the service, which is one a process."""

QUIET: dict[str, Any] = {
    "allow_val_change": True,
    "console": "off",
    "disable_code": True,
    "disable_git": True,
    "label_disable": True,
    "max_end_of_run_history_metrics": 0,
    "max_end_of_run_summary_metrics": 0,
    "quiet": True,
    "reinit": "create_new",
    "sagemaker_disable": True,
    "save_code": False,
    "silent": True,
    "symlink": False,
    "use_dot_wandb": False,
    "x_disable_machine_info": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_save_requirements": False,
    # The summary is written when the run ends; one a row would double the file.
    "x_server_side_derived_summary": True,
    # What was sent has arrived when it is in the file, so it is awaited there.
    "x_transaction_log_flush_interval": 0.1,
}
"""What is asked of the client: a run that holds what it was sent, and nothing else."""


def free_key(wanted: str) -> str:
    """Give a key that no open run of this process has, as a run may have several copies at W&B."""
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, len(_running) + 2)))
    return next(name for name in names if name not in _running)


@contextlib.contextmanager
def surroundings(folder: Path) -> Iterator[None]:
    """Have W&B keep its files under a folder, and report nothing about itself, while this is entered.

    Parameters
    ----------
    folder : pathlib.Path
        For copies of artifacts, which W&B would put into the person's home.
    """
    wanted: dict[str, str | None] = {
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_DATA_DIR": str(folder / "data"),
        "WANDB_CACHE_DIR": str(folder / "cache"),
        # The service is this process's own, neither that of the program which started it nor one for those it starts.
        "WANDB_SERVICE": None,
    }
    with environment(wanted):
        yield


def begin(settings: dict[str, Any], folder: Path, **arguments: Any) -> wandb.Run:
    """Open a run, with this process's hooks left as they are.

    Parameters
    ----------
    settings : dict
        Besides :data:`QUIET`.
    folder : pathlib.Path
        Where its files lie.
    **arguments
        Of ``wandb.init``.
    """
    leave, hook = sys.exit, sys.excepthook
    with _IN_USE, surroundings(folder):
        import wandb

        try:
            run = wandb.init(dir=str(folder), settings=wandb.Settings(**QUIET | settings), **arguments)
            _running.add(run.id)
        except BaseException:
            _end_service_if_unused(wandb)
            raise
        finally:
            # The client takes both over for the rest of the process; a run ends when it is told so.
            sys.exit, sys.excepthook = leave, hook
    return run


def finish(run: wandb.Run, code: int, *, rests: bool) -> None:
    """Close a run, and the client's process if nobody uses it any more.

    Parameters
    ----------
    run : wandb.Run
        The run.
    code : int
        0 if all went well.
    rests : bool
        Whether it may go on later.
    """
    import wandb

    leave, hook = sys.exit, sys.excepthook
    try:
        if rests:
            run.mark_preempting()
        run.finish(exit_code=code)
    finally:
        with _IN_USE:
            _running.discard(run.id)
            _end_service_if_unused(wandb)
        sys.exit, sys.excepthook = leave, hook


def _end_service_if_unused(client: Any) -> None:
    if not _running:
        # It raises if its process has died, and leaves this one by `sys.exit` if that one's exit code isn't 0.
        with contextlib.suppress(Exception, SystemExit):
            client.teardown()


def wait_for_writers(files: list[Path], seconds: float) -> None:
    """Wait until nobody writes to files: the client's process may outlive the one that started it for a moment.

    Parameters
    ----------
    files : list of pathlib.Path
        The files.
    seconds : float
        For how long.

    Raises
    ------
    TrackerError
        If somebody still does then.
    """
    wanted = {str(file.resolve()) for file in files}
    writers = [process for process in psutil.process_iter(["name"]) if _writes(process, wanted)] if wanted else []
    if psutil.wait_procs(writers, timeout=seconds)[1]:
        msg = (
            f"The copy at W&B must have one writer, but process {writers[0].pid} still writes to "
            f"{brief(str(files[-1]))}; end that process, or wait until it has ended."
        )
        raise TrackerError(msg)


def _writes(process: psutil.Process, files: set[str]) -> bool:
    try:
        return process.info["name"] == _SERVICE and any(file.path in files for file in process.open_files())
    except psutil.Error:
        return False
