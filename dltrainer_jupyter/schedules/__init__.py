"""How the learning rate changes over a run, as a factor of the base rate.

What lives here: schedules that know no framework, so that they are the same on each, all with a warm-up.
What does not live here: the learning rate itself, and the optimizer that uses it.
"""
