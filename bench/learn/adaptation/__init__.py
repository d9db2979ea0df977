"""The adaptation engine: episodes, the inner and the outer loop of meta-learning."""
