"""Work that a process which serves others leaves to processes of its own: predictions, and other people's parts.

What lives here: workers that stay warm for a while, and how to ask them. What does not: what a prediction is
(``tal.inference``). Nobody imports a framework by asking.

=================== =======================================================================
``workers``         the workers of this process, one a framework
``worker``          one of them: who waits for it, when it ends
``child``           its process as seen from here: a line goes in, a line comes out
``worker_main``     the same process from the inside
``descriptions``    checking settings that name other people's parts
``errands``         what a worker can be asked to do
``failures``        its errors as a line, and as errors again
=================== =======================================================================
"""
