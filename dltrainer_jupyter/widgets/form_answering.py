"""What the page of a form asks: arguments and answers are those of the server's routes of these names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from dltrainer_jupyter.core import registry
from dltrainer_jupyter.core.errors import UnknownNameError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.core.validation import validate
from dltrainer_jupyter.tal import catalogue, checking, run_form, stacks
from dltrainer_jupyter.tal.drafting import Draft
from dltrainer_jupyter.tal.looking import Look
from dltrainer_jupyter.tal.run import Run
from dltrainer_jupyter.widgets.built import built

_LONGEST = 1_000_000
"""Characters of a configuration."""


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Text(_Arguments):
    yaml: str = Field(max_length=_LONGEST)


class _Kind(_Arguments):
    kind: str


_Length = Annotated[int, Field(ge=1, le=_LONGEST)]


class _Assumed(_Arguments):
    input_shape: tuple[_Length, ...] = Field(min_length=1, max_length=3)
    outputs: int = Field(default=1, ge=1, le=_LONGEST)


class _Outline(_Arguments):
    settings: dict[str, Any]
    assumed: _Assumed | None = None


LANES = {"train": "start", "outline": "look"}
"""Where a request is answered that may take its time: what trains in this process may do so to its end, and data is
read to be looked at. All others keep their order in the lane ``form``."""


class Answers:
    """Answers the page of one form.

    Parameters
    ----------
    draft : Draft
        What its text means.
    start : callable
        Starts a run from a text, and shows it.
    """

    def __init__(self, draft: Draft, start: Callable[[str], Run]) -> None:
        self._draft = draft
        self._start = start
        self._look = Look(draft)
        self._known: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "check": self._check,
            "parts": self._parts,
            "settings": self._settings,
            "outline": self._outline,
            "train": self._train,
            "module": self._module,
            "ping": self._ping,
        }

    def __call__(self, verb: str, arguments: Mapping[str, Any]) -> Any:
        """Do what was asked.

        Raises
        ------
        DLTrainerError
            If it can't be done.
        """
        known = self._known.get(verb)
        if known is None:
            kind = "request"
            raise UnknownNameError(kind, verb, self._known)
        return known(arguments)

    def _check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return checking.document(self._draft.check(validate(_Text, arguments, "check").yaml))

    def _parts(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        kind = catalogue.kind_called(validate(_Kind, arguments, "parts").kind)
        offered = catalogue.offer(kind)
        own = self._draft.labels(registry.KEYS.get(kind, ""))
        return {**offered, "parts": [*(_own(name, what) for name, what in own.items()), *offered["parts"]]}

    def _settings(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        validate(_Arguments, arguments, "settings")
        return {"settings": [it.document() for it in run_form.settings()]}

    def _outline(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        wanted = validate(_Outline, arguments, "outline")
        if wanted.assumed is not None:
            signature = Signature("classification", wanted.assumed.input_shape, wanted.assumed.outputs)
            return stacks.outlined(wanted.settings, signature)
        return stacks.outlined(wanted.settings, *self._look.at(wanted.settings))

    def _train(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        run = self._start(validate(_Text, arguments, "train").yaml)
        return {"id": run.id, "name": run.name}

    def _module(self, arguments: Mapping[str, Any]) -> dict[str, str]:
        validate(_Arguments, arguments, "module")
        return {"script": built("form.js"), "sheet": built("form.css")}

    def _ping(self, arguments: Mapping[str, Any]) -> None:
        validate(_Arguments, arguments, "ping")


def _own(name: str, what: str) -> dict[str, Any]:
    """Describe a person's own object as a part to choose: its name is its mention."""
    return {"name": name, "description": f"From Python: {what}.", "frameworks": [], "settings": []}
