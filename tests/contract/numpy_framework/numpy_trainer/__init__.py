"""A framework of a few lines: a perceptron of two layers with gradients written by hand."""
