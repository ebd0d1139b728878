"""Numbers over many batches.

What lives here: ready-made metrics for classes and for values, the confusion matrix, and the adapters that make a
person's own metric object or function fit. Each takes in several batches a call, as NumPy arrays, and its value
doesn't depend on how batches were grouped into calls; each gives its state and goes on from it to the same bits.
What does not live here: when to measure, and what to do with the number (the loop's business).
None of them imports scikit-learn, whose values the tests hold them to.
"""
