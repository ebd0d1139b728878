"""Layers that a model is stacked from (``model: {layers: [...]}``), one kind a file, the same on every framework.

A layer says what it makes of a shape and how many parameters that takes, which needs no framework, and builds itself
for PyTorch, Keras and Flax. A plug-in of the kind ``layers`` is a layer like these.
"""
