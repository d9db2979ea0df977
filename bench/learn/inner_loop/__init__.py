"""The inner loop by compiled code with derivatives written by hand; bench.learn.adaptation chooses it where it can.

`layout.py`: where leaves lie. `rows.py`: the rows of a chunk. `kernels/`: the compiled functions. `functions.py`: these as
functions that torch differentiates. `mixture.py`: what the engine calls."""

from bench.learn.inner_loop.mixture import CompiledMixture, KernelName, kernel_software
from bench.learn.inner_loop.precompile import compile_kernel

__all__ = ["CompiledMixture", "KernelName", "compile_kernel", "kernel_software"]
