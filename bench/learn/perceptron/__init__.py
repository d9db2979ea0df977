"""Perceptron selectors, and the compiled short cut by which they are adapted."""
