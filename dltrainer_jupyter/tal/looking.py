"""What goes into the model of a configuration that is being written, seen by whoever holds the person's objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dltrainer_jupyter.core.errors import DLTrainerError
from dltrainer_jupyter.core.protocols import Signature
from dltrainer_jupyter.loop.parts import outline
from dltrainer_jupyter.tal import glimpse
from dltrainer_jupyter.tal.description import describe
from dltrainer_jupyter.tal.drafting import Draft
from dltrainer_jupyter.tal.mentions import is_mention, names_in


class Look:
    """Looks at the data of a draft, once for the same settings and files; at a person's objects each time.

    Parameters
    ----------
    draft : Draft
        Whose objects may be the data.
    """

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._last: tuple[str, Signature | None, str | None] | None = None

    def at(self, settings: Mapping[str, Any]) -> tuple[Signature | None, str | None]:
        """Say what goes in, or why nobody knows.

        Parameters
        ----------
        settings : mapping
            Of the configuration, in which objects are mentioned.

        Returns
        -------
        signature : Signature or None
        why : str or None
            One of the two is None.
        """
        said = {key: settings[key] for key in glimpse.SAYING if key in settings}
        if any(names_in(said)):
            # The next cell may say that a name is something else.
            return self._looked(said)
        key = json.dumps([said, glimpse.stamps(settings.get("data"))], default=str)
        if self._last is None or self._last[0] != key:
            self._last = (key, *self._looked(said))
        return self._last[1:]

    def _looked(self, said: Mapping[str, Any]) -> tuple[Signature | None, str | None]:
        try:
            if not is_mention(said.get("data")):
                return glimpse.glimpse(self._draft.resolved(said)), None
            spec, own = describe({"model": "mlp", **self._draft.resolved(said)})
            found = outline(spec, own)
        except DLTrainerError as error:
            return None, str(error)
        return found, None if found is not None else "data: only loading it tells what its samples are like."
