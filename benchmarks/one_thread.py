"""What every script here is measured on."""

import torch
from threadpoolctl import threadpool_limits

__all__ = ["one_thread"]


def one_thread() -> None:
    """One thread for torch and for each BLAS and OpenMP pool of the process, from now on. Call it after imports: numpy's and
    scipy's BLAS are no business of torch's, and on small matrices their threads mostly wait for one another at full speed."""
    torch.set_num_threads(1)
    threadpool_limits(1)
