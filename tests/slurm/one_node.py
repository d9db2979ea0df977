"""A SLURM of one node on loopback, of Debian's packages munge, slurmctld, slurmd and slurm-client, run by whoever runs it:

    python -m tests.slurm.one_node

starts it in a temporary folder, prints the SLURM_CONF that sbatch and squeue want, and ends it at ctrl-C."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["SlurmMissing", "one_node"]

_COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "sinfo")
_START_S = 30
_MEMORY_MB = 8192
_CONF = """\
ClusterName=bench
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
NodeName=localhost NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=here Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""


class SlurmMissing(Exception):  # noqa: N818 - a reason to do without
    """It isn't installed, or can't start here."""


@contextmanager
def one_node(folder: Path, cpus: int = 2) -> Iterator[dict[str, str]]:
    """Variables of the environment that the commands of SLURM want, while it runs. `folder`: empty; its path is short."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    if missing := [name for name in _COMMANDS if shutil.which(name, path=path) is None]:
        raise SlurmMissing(f"{missing[0]} is not installed; apt-get install slurm-wlm munge")
    conf = folder / "slurm.conf"
    environment = {"SLURM_CONF": str(conf), "PATH": path}
    whole = {**os.environ, **environment}
    conf.write_text(_conf(folder, cpus), "utf-8")
    (folder / "state").mkdir()
    (folder / "spool").mkdir()
    _write_key(folder / "munge.key")
    with ExitStack() as running:
        for command in _servers(folder, conf):
            running.enter_context(_running(command, folder, whole))
            if command[0] == "munged":
                _wait(folder, (folder / "munge.socket").exists)
        _wait(folder, lambda: _is_idle(whole))
        yield environment


def _conf(folder: Path, cpus: int) -> str:
    controller, daemon = _free_ports(2)
    return _CONF.format(
        controller=controller,
        daemon=daemon,
        user=getpass.getuser(),
        host=socket.gethostname().partition(".")[0],
        cpus=cpus,
        memory=_MEMORY_MB,
        folder=folder,
    )


def _servers(folder: Path, conf: Path) -> Iterator[Sequence[str]]:
    files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed"}
    yield (
        "munged",
        "--foreground",
        "--force",  # whoever may write above a temporary folder
        *(f"--{option}={folder}/munge.{end}" for option, end in files.items()),
        f"--log-file={folder}/munged.log",
    )
    yield ("slurmctld", "-D", "-c", "-f", str(conf))
    yield ("slurmd", "-D", "-c", "-f", str(conf), "-N", "localhost")


def _write_key(file: Path) -> None:
    file.touch(0o600)
    file.write_bytes(os.urandom(128))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def _running(command: Sequence[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / f"{command[0]}.out").open("wb") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=said, env=environment, start_new_session=True
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(folder: Path, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_S
    while not ready():
        if time.monotonic() > until:
            said = " ".join(f"{file.name}: {_last_line(file)}" for file in folder.glob("*.out"))
            raise SlurmMissing(f"it did not start in {_START_S} s: {said}")
        time.sleep(0.2)


def _last_line(file: Path) -> str:
    return (file.read_text("utf-8", "replace").strip().splitlines() or ["nothing"])[-1]


def _is_idle(environment: dict[str, str]) -> bool:
    asked = subprocess.run(
        ["sinfo", "--noheader", "--format=%T"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    return asked.stdout.strip() == "idle"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made, one_node(Path(made)) as variables:
        print(f"export SLURM_CONF={variables['SLURM_CONF']}", flush=True)
        signal.pause()
