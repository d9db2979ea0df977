"""Who raised what is no Exception: a plugin may raise anything, and a user may press ctrl-C meanwhile."""

from __future__ import annotations

import signal

__all__ = ["by_the_user"]


def by_the_user(error: BaseException) -> bool:
    """Whether what was raised while a stranger's code ran is the user's wish to stop. Where ctrl-C raises something of the
    command's own, or nothing, a plain KeyboardInterrupt is the plugin's."""
    if not isinstance(error, KeyboardInterrupt):
        return False
    plain = type(error) is KeyboardInterrupt
    return not plain or signal.getsignal(signal.SIGINT) is signal.default_int_handler
