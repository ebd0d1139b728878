"""The relay: brings what the store knows of a run to its trackers.

What lives here: reading the store from a saved mark, the process that does so beside a trainer, and delivering what is
left over. What does not: trackers' clients (``trackers``). The relay is a process of its own, so that a tracker can
neither slow a training nor change its random numbers, and outlives the trainer while something is left to be sent.
"""
