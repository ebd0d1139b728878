"""Where samples come from, and in which order they are seen.

What lives here: the data sources, how targets are encoded and samples split, the preprocessing that is
fitted in training and applied again to every prediction, and the order of samples with its cursor.
What does not live here: batches on a device (the adapters cut them) and the loop that consumes them.
Built on NumPy; scikit-learn is imported when a function needs it, never before.
"""
