"""Ports to frameworks, one folder each with the same file names; no adapter imports another.

What lives here: tensors, gradients, optimizers, losses, generators, devices. What does not: the order of
things (the loop's), what to learn (a recipe's), files (the checkpoints').
"""
