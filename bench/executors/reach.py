"""Whether anything answers at an address: engines themselves take long to say that nothing does."""

from __future__ import annotations

import socket

__all__ = ["why_unreachable"]

_WAIT_S = 10.0
_OVER_TCP = {"", "tcp", "tls", "ray"}


def why_unreachable(address: str) -> str:
    """Of `[SCHEME://]HOST:PORT`, in words; nothing where something answers, or where the address is of another form."""
    scheme, _, place = address.rpartition("://")
    host, _, port = place.rpartition(":")
    if not (host and port.isdigit() and scheme in _OVER_TCP):
        return ""
    try:
        socket.create_connection((host.strip("[]"), int(port)), _WAIT_S).close()
    except (OSError, OverflowError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""
