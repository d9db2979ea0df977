"""What pages of measured figures are made of in tests."""

from __future__ import annotations

__all__ = ["MACHINE"]

MACHINE = {
    "processor": "Some CPU",
    "cores": 2,
    "memory_gb": 8,
    "system": "Linux 6",
    "python": "3.11",
    "load": 0.1,
    "versions": {"numpy": "2"},
}
