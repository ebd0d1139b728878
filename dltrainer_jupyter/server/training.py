"""Starting trainers: for new runs, clones, and ended runs that go on.

Never in this process, which serves everybody's notebooks: what would train in a notebook's process gets one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import ConfigurationError, IllegalControlError
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.core.states import ENDED
from dltrainer_jupyter.server.models import read_folder
from dltrainer_jupyter.server.schemas import CloneRequest, ResumeRequest
from dltrainer_jupyter.server.steering import row
from dltrainer_jupyter.server.watching import described

APART = "process"
"""What a run's executor is here, where that would train in this process."""


def train(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Start a run from what a configuration file holds."""
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.tal.apart.descriptions import check_parts
    from dltrainer_jupyter.tal.submit import submit

    read_folder()
    spec, own = tal.describe(settings, check=check_parts)
    return described(submit(_apart(spec), own))


def check(body: bytes, media_type: str) -> Any:
    """Say what is wrong with a configuration, whatever was sent."""
    from dltrainer_jupyter.tal import checking
    from dltrainer_jupyter.tal.apart import descriptions
    from dltrainer_jupyter.tal.apart.workers import OTHERS, workers

    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        return {"problems": [{"message": f"The text is not UTF-8 (byte {error.start}).", "line": None, "path": []}]}
    read_folder()
    is_json = media_type.endswith("json")
    values = checking.parsed(text, is_json=is_json)
    if not isinstance(values, checking.Finding) and descriptions.names_others(values):
        return workers.ask(OTHERS, "check", text=text, is_json=is_json)
    return checking.document(checking.check(text, is_json=is_json))


def resume(ref: str, request: ResumeRequest) -> dict[str, Any]:
    """Let a run go on."""
    from dltrainer_jupyter import tal

    run, executor = tal.get(ref), request.executor
    if executor is not None and not _trains_apart(executor):
        msg = f"executor: '{executor}' would train in the Jupyter server; use {APART}."
        raise ConfigurationError(msg)
    record = run.record
    if record.state in ENDED and executor is None and not _trains_apart(record.spec.executor):
        executor = APART
    return row(run.resume(epochs=request.epochs, executor=executor))


def clone(ref: str, request: CloneRequest) -> dict[str, Any]:
    """Start a new run from another's settings."""
    from dltrainer_jupyter import tal
    from dltrainer_jupyter.executors import plug_ins
    from dltrainer_jupyter.tal import cloning
    from dltrainer_jupyter.tal.apart.descriptions import check_parts

    read_folder()
    run = tal.get(ref)
    spec = run.spec
    if spec.user_objects:
        mine = " and ".join(sorted(spec.user_objects))
        msg = (
            f"Run '{spec.name}' trains objects of your own ({mine}), which the Jupyter server never loads; clone it "
            f"from Python: tal.get('{run.id}').clone()."
        )
        raise IllegalControlError(msg)
    if missing := plug_ins.gone(run.record):
        mine = " and ".join(f"the {registry.SINGULAR[kind]} '{name}'" for kind, name in sorted(missing))
        msg = (
            f"Run '{spec.name}' keeps a copy of {mine}, which nobody registers here and the Jupyter server never "
            f"loads; clone it from Python: tal.get('{run.id}').clone()."
        )
        raise IllegalControlError(msg)
    executor = request.changes.get("executor", spec.executor)
    # What is no name at all is refused with the other settings.
    apart = {"executor": APART} if isinstance(executor, str) and not _trains_apart(executor) else {}
    return described(cloning.clone(run, request.step, request.changes | apart, check_parts))


def _apart(spec: RunSpec) -> RunSpec:
    """Let a run train in another process."""
    return spec if _trains_apart(spec.executor) else spec.model_copy(update={"executor": APART})


def _trains_apart(executor: str) -> bool:
    """Tell whether an executor trains in another process, which is why it needs to pickle.

    Raises
    ------
    ConfigurationError
        If it is somebody else's: to ask it means to run its code here.
    """
    if not registry.is_ours("executors", executor):
        msg = (
            f"executor: '{executor}' is of {registry.package('executors', executor)}, whose code the Jupyter server "
            f"never runs; use {APART}, or start from Python."
        )
        raise ConfigurationError(msg)
    return bool(registry.find("executors", executor).needs_pickling)
