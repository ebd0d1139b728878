"""How busy the machine is: processors, memory and GPUs, as far as a container lets this process have them.

Knows nothing of runs. Readings are of the moment; who wants them by step or on a page is above.
"""
