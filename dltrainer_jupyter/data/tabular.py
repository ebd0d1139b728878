"""Tables that scikit-learn brings along: wine, breast cancer, diabetes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from dltrainer_jupyter.core.protocols import Dataset, Task
from dltrainer_jupyter.core.spec import RunSpec
from dltrainer_jupyter.data.assembly import Raw, assemble
from dltrainer_jupyter.data.steps import RawInput, Standardize, Step


class Table(ABC):
    """A table of measurements; a raw sample is a row of numbers.

    Parameters
    ----------
    config : Table.Config
        Settings.
    """

    description: ClassVar[str]
    task: ClassVar[tuple[Task, ...]] = ("classification",)

    class Config(BaseModel, frozen=True, extra="forbid"):
        """Settings."""

        standardize: bool = Field(
            default=True, description="Subtract each feature's training mean and divide by its training deviation."
        )

    def __init__(self, config: Config) -> None:
        self.config = config

    def load(self, spec: RunSpec, objects: Mapping[str, Any]) -> Dataset:  # noqa: ARG002 - comes with the package
        """Load, split and preprocess.

        Parameters
        ----------
        spec : RunSpec
            What is trained.
        objects : mapping
            Not used.

        Returns
        -------
        Dataset
        """
        raw, class_names, features = self._fetch()
        steps: list[Step] = [RawInput((raw.inputs.shape[1:],), "float32")]
        if self.config.standardize:
            steps.append(Standardize())
        return assemble(spec, raw, steps, class_names=class_names, features=features)

    @abstractmethod
    def _fetch(self) -> tuple[Raw, Sequence[str], Sequence[str]]:
        """Read the table, the names of its classes if it has any, and those of its columns."""


class Wine(Table):
    """178 wines of three growers, told apart by 13 chemical measurements.

    Notes
    -----
    S. Aeberhard and M. Forina, "Wine", UCI Machine Learning Repository (1991).

    Examples
    --------
    >>> Wine(Wine.Config()).load(RunSpec(model="mlp", data="wine"), {}).signature.outputs
    3
    """

    description: ClassVar[str] = "178 wines of three growers, 13 chemical measurements each."

    def _fetch(self) -> tuple[Raw, Sequence[str], Sequence[str]]:
        from sklearn.datasets import load_wine

        found = load_wine()
        return Raw(found.data, found.target), [str(name) for name in found.target_names], list(found.feature_names)


class BreastCancer(Table):
    """569 breast tumours, malignant or benign, by 30 measurements of their cell nuclei.

    Notes
    -----
    W. Wolberg, O. Mangasarian, N. Street and W. Street, "Breast Cancer Wisconsin (Diagnostic)", UCI Machine Learning
    Repository (1995).

    Examples
    --------
    >>> BreastCancer(BreastCancer.Config()).load(RunSpec(model="mlp", data="breast_cancer"), {}).signature.labels
    ('malignant', 'benign')
    """

    description: ClassVar[str] = "569 breast tumours, malignant or benign, 30 measurements each."

    def _fetch(self) -> tuple[Raw, Sequence[str], Sequence[str]]:
        from sklearn.datasets import load_breast_cancer

        found = load_breast_cancer()
        return Raw(found.data, found.target), [str(name) for name in found.target_names], list(found.feature_names)


class Diabetes(Table):
    """442 patients: how far their diabetes went within a year, from ten measurements at its beginning.

    Raw measurements are scikit-learn's: each centred and scaled to a sum of squares of 1. Targets go from 25 to 346.

    Notes
    -----
    B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least Angle Regression", Annals of Statistics (2004).

    Examples
    --------
    >>> Diabetes(Diabetes.Config()).load(RunSpec(model="mlp", data="diabetes"), {}).signature.task
    'regression'
    """

    description: ClassVar[str] = "442 patients, ten measurements each: progression of diabetes after a year."
    task: ClassVar[tuple[Task, ...]] = ("regression",)

    def _fetch(self) -> tuple[Raw, Sequence[str], Sequence[str]]:
        from sklearn.datasets import load_diabetes

        found = load_diabetes()
        return Raw(found.data, found.target), (), list(found.feature_names)
