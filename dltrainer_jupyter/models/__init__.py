"""Ready-made architectures, one topic a file.

A model is a class with its settings; a method named after each framework it can be built for (``pytorch``) makes a
plain net of that framework for the data's signature, with nothing of ours around it. The framework is imported in that
method and nowhere else, so that models can be listed, described and checked without it.
What does not live here: training, and anything that knows the data.
"""
