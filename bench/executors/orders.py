"""What crosses between a run and a worker of an engine, as plain data: an order for one step, and what became of it.

With a disk of its own a worker keeps a cache of its own. What a step reads then goes there as parcels, by name and digest: the
prepared data without what tells labels, the split with those that a step may see, results of other steps."""

from __future__ import annotations

import hashlib
import platform
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from bench.job.code import harness_digest_now
from bench.job.environment import software
from bench.job.steps import FitStep, SelectStep
from bench.registry.local import find_local
from bench.storage.kept import KeptFolder
from bench.storage.parcels import pack

__all__ = [
    "FILES",
    "PLUGINS",
    "Answer",
    "Done",
    "Facts",
    "Input",
    "Order",
    "facts",
    "facts_as_json",
    "inputs_of",
]

PLUGINS, FILES = "plugins", "files"  # rooms of a worker's cache

# Of prepared data: labels, and what they could be computed from. No worker reads them.
_WITHHELD = ("labels.npy", "identity.npy", "true-logit.npy")


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Facts(_Plain):
    """Of a process that may do steps. `code`: digest of the harness's packages that compute."""

    host: str
    machine: str
    product: str
    code: str
    software: dict[str, str]

    def unlike(self, other: Facts) -> str:
        """How steps done by the other would be others, in words; nothing where they would not."""
        for name, own in self.software.items():
            if (theirs := other.software.get(name)) != own:
                return f"has {name} {theirs}, this run {own}: install {own} there"
        if self.product != other.product:
            return f"has metaselector-bench {other.product}, this run {self.product}: install {self.product} there"
        if self.code != other.code:
            return f"has other code of metaselector-bench {self.product} than this run: install the same there"
        return ""


def facts() -> Facts:
    """Of this process."""
    return Facts(
        host=socket.gethostname(),
        machine=platform.machine(),
        product=version("metaselector-bench"),
        code=harness_digest_now(),
        software=software(),
    )


def facts_as_json() -> str:
    """Of this process, to be asked of another."""
    return facts().model_dump_json()


class Input(_Plain):
    """Something that a step reads. `name`: of a folder below a cache; `digest`: of what lies there, where that is a folder
    that keeps digests (else its name has it); `path`: what it is made of on the host."""

    name: str
    digest: str = ""
    path: Path

    @property
    def without(self) -> tuple[str, ...]:
        """Files of it that stay with the host."""
        return _WITHHELD if self.name.startswith("data/") else ()

    def packed(self) -> bytes:
        """Raises OSError."""
        return pack(sorted(self.path.iterdir()), self.without) if self.digest else pack([self.path])


class Order(_Plain):
    """One step. `cache`: where the worker's own one lies; None where it sees the host's. `inputs`: what it needs to have
    there; plugins and files among them take the place of the paths that the step has."""

    step: str
    worker: str
    cache: Path | None
    inputs: tuple[Input, ...]


class Answer(_Plain):
    """`outcome`: of the step, as JSON; "" where it was not done: it is `refused`, with the reason, or inputs are `lacking`, by
    name. `log`: what it printed, where the host can't read that."""

    outcome: str = ""
    refused: str = ""
    lacking: tuple[str, ...] = ()
    log: str = ""


class Done(NamedTuple):
    """`answer`: an Answer as JSON; `parcel`: what the step left, where the host can't see it."""

    answer: str
    parcel: bytes = b""


def inputs_of(step: FitStep | SelectStep, *, own_disk: bool) -> Iterator[Input]:
    """What has to be brought to a worker: plugins that a user names by path, whatever disk it has, and all else that the step
    reads where it has one of its own."""
    for plugin in find_local(step.plugin_paths):  # and nothing else of a folder that holds some
        digest = hashlib.sha256(pack([plugin.path])).hexdigest()
        yield Input(name=f"{PLUGINS}/{digest}", path=plugin.path)
    if not own_disk:
        return
    if isinstance(step, FitStep):
        for file in step.files.values():
            yield Input(name=f"{FILES}/{file.sha256}", path=file.path)
    for folder in dict.fromkeys((step.dataset, step.split, *_fits(step))):
        name = folder.relative_to(step.cache).as_posix()
        yield Input(name=name, digest=KeptFolder(folder).digest, path=folder)


def _fits(step: FitStep | SelectStep) -> Iterator[Path]:
    if isinstance(step, SelectStep):
        for variants in step.fits.values():
            yield from variants.values()
