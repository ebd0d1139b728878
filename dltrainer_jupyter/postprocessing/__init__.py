"""Chains of steps between what a model gives and what people see of it: predictions, never what metrics are told.

What lives here: the steps (``calibration``, ``decisions``, ``values``, ``boxes``, ``own``), what passes from one to the
next (``predicted``), and how a chain is made, checked and applied (``chain``). What does not: how outputs become
probabilities in the first place (``tal.outputs``), and who asks for predictions.
"""
