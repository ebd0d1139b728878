"""Detection: a net learns at each point of a grid which object is there and how far its edges are. PyTorch only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from dltrainer_jupyter.core.errors import ConfigurationError
from dltrainer_jupyter.core.protocols import Batch, BuildContext, Course, Ops, StepOutput, TrainState

if TYPE_CHECKING:
    from dltrainer_jupyter.core.spec import RunSpec


class Detection:
    """One net, one optimizer; the loss is that of FCOS.

    A model of one's own is a ``torch.nn.Module`` with an attribute ``stride`` that gives, for images of shape
    (n, channels, h, w), the shape (n, 5 + classes, h / stride, w / stride): at each point, the first of which lies half
    a stride inside, the distances to the left, upper, right and lower edge in pixels, the logit of being in the middle,
    and the logits of the classes. Its method ``decode`` turns that into detections of shape (n, k, 6): x0, y0, x1, y1,
    score, class, with class -1 where there is none.

    Parameters
    ----------
    config : Detection.Config
        Settings.

    Attributes
    ----------
    only_updates : bool
        Steps are nothing but ``ops.update``, so that whoever computes that may compile it.

    Notes
    -----
    Z. Tian, C. Shen, H. Chen and T. He, "FCOS: Fully Convolutional One-Stage Object Detection", ICCV (2019);
    T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV (2017); H. Rezatofighi et al., "Generalized
    Intersection over Union", CVPR (2019).
    """

    only_updates: ClassVar[bool] = True
    task: ClassVar[tuple[str, ...]] = ("detection",)

    class Config(BaseModel):
        """Settings."""

        model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

        alpha: float = Field(default=0.25, gt=0, lt=1, description="Weight of points on objects in the focal loss.")
        gamma: float = Field(default=2.0, ge=0, description="How little points count that are told well already.")
        box_weight: float = Field(default=1.0, gt=0, description="Weight of boxes beside classes.")
        radius: float = Field(
            default=1.5, gt=0, description="Points this near to the middle of a box learn it, in strides."
        )

    def __init__(self, config: Config) -> None:
        self.config = config
        self._stride: float

    def prepare(self, spec: RunSpec, course: Course, objects: Mapping[str, Any]) -> None:  # noqa: ARG002 - the protocol's
        """Refuse what can't be had.

        Raises
        ------
        ConfigurationError
            If the framework is another than PyTorch, or a loss is named.
        """
        if spec.framework != "pytorch":
            msg = f"recipe: detection trains on pytorch, not on {spec.framework}; leave framework out."
            raise ConfigurationError(msg)
        if spec.loss is not None:
            msg = (
                f"loss: the recipe 'detection' has a loss of its own, which '{spec.first_loss}' can't replace; leave "
                "it out."
            )
            raise ConfigurationError(msg)

    def build(self, context: BuildContext) -> TrainState:
        """Make the net and its optimizer.

        Raises
        ------
        ConfigurationError
            If the data has no boxes, or the model is no detector.
        """
        if context.signature.task != "detection":
            msg = (
                f"recipe: detection needs boxes as targets, but this data is for {context.signature.task}; use data "
                "with boxes, such as {type: shapes, task: detection}."
            )
            raise ConfigurationError(msg)
        model = context.model()
        if not callable(getattr(model, "decode", None)) or not hasattr(model, "stride"):
            msg = (
                f"model: the recipe 'detection' needs a net with a stride and a method decode, and "
                f"{type(model).__name__} has none; use the model detector."
            )
            raise ConfigurationError(msg)
        self._stride = float(model.stride)
        return TrainState(nets={"model": model}, optimizers={"optimizer": context.optimizer(model)})

    def train_step(self, state: TrainState, batch: Batch, ops: Ops) -> tuple[TrainState, StepOutput]:
        """Learn from one batch; nothing is detected meanwhile."""

        def objective(nets: Mapping[str, Any]) -> tuple[Any, Any]:
            loss = self._loss(nets["model"](batch.inputs), batch.targets)
            return loss, loss

        state, loss, _ = ops.update(state, objective, wrt="model", using="optimizer")
        return state, StepOutput(loss, None, None, batch.size)

    def eval_step(self, state: TrainState, batch: Batch, ops: Ops) -> StepOutput:  # noqa: ARG002 - the protocol's
        """Measure on one batch: the loss, and detections of shape (n, k, 6)."""
        model = state.nets["model"]
        outputs = model(batch.inputs)
        return StepOutput(self._loss(outputs, batch.targets), model.decode(outputs), batch.targets, batch.size)

    def _loss(self, outputs: Any, targets: Any) -> Any:
        from dltrainer_jupyter.recipes.detection_loss import detection_loss

        config = self.config
        return detection_loss(
            outputs,
            targets,
            self._stride,
            alpha=config.alpha,
            gamma=config.gamma,
            box_weight=config.box_weight,
            radius=config.radius,
        )
