"""Compiled functions: how they are made and kept, and what they are written with beside numpy."""

from bench.compiled.functions import compiled, inlined

__all__ = ["compiled", "inlined"]
