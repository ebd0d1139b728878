"""What the adapters have in common: settings, checks and arithmetic that are the same on every framework.

What does not live here: anything that imports a framework.
"""
