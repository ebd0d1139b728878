"""Plug-ins that own their whole loop, under the same verbs as everybody.

The "framework" ``own_loop`` knows no tensors: its model is the plug-in, and a step is one piece of the plug-in's work.
What lives here: how its state becomes a checkpoint, and how it predicts. What does not: the order of things, which is
``recipes/own_loop.py``.
"""
