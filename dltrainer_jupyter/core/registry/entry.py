"""What a source knows of a part before it is imported."""

from __future__ import annotations

from typing import Any, Protocol


class Entry(Protocol):
    """A part that is registered under a name, wherever its code is."""

    @property
    def place(self) -> str:
        """Where its code is, for messages."""

    @property
    def package(self) -> str:
        """What brings it: a package, a file of the plug-in folder, the notebook."""

    @property
    def version(self) -> str | None:
        """Of what brings it, if that has one and says so without being imported."""

    def check(self, called: str) -> None:
        """See that what it needs is installed; imports nothing.

        Parameters
        ----------
        called : str
            The part in messages: ``model 'cnn'``.
        """

    def load(self, called: str) -> Any:
        """Import it.

        Raises
        ------
        MissingPackageError
            If it needs a package that isn't installed.
        ConfigurationError
            If it can't be imported, or isn't what is expected of a part.
        """
