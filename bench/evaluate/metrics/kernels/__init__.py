"""Compiled counting over many rows, for metrics; imported where there are enough rows to pay for importing numba."""
