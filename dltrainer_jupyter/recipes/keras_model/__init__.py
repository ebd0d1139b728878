"""The recipe ``keras``: compiled Keras models, and those with a ``train_step`` of their own; not models by name."""

from dltrainer_jupyter.recipes.keras_model.recipe import KerasModel

__all__ = ["KerasModel"]
