"""Weights in files of other people's: read without running anything, and given to a model by their names.

What lives here: which formats there are, how each is read within bounds, and which array goes where. What does not: how
a framework names and keeps its weights (its adapter), and the checkpoints of runs.
"""
