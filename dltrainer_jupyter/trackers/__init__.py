"""Trackers: programs of other people's that receive a copy of a run's history.

What lives here: one tracker a file or folder, and what they share, one concept a file. What does not: reading the store
and remembering how much was sent (``relay``). A tracker knows neither the store nor a framework, and imports its client
when it is opened.
"""
