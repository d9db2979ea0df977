"""What helps where a file can't be written: by what the system says, not by what is most common."""

from __future__ import annotations

import errno

__all__ = ["remedy"]

_FULL = (errno.ENOSPC, errno.EDQUOT)
_REMEDIES = {
    **dict.fromkeys(_FULL, "free some space"),
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EACCES: "make its folder writable",
    errno.EPERM: "make its folder writable",
    errno.EISDIR: "move the folder of that name away",
    errno.ENOTDIR: "move the file that is in the place of its folder away",
    errno.EEXIST: "move the file that is in the place of its folder away",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}


def remedy(error: OSError, elsewhere: str) -> str:
    """The fix of an error's line. `elsewhere`: what helps whatever the reason, `choose another file` say; where nothing else
    does (a file system that is read-only, a disk that fails), it stands alone."""
    known = _REMEDIES.get(error.errno or 0)
    return elsewhere if known is None else f"{known}, or {elsewhere}"
