"""Dask's own encryption, by the paths of three files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bench.errors import ExecutorError
from bench_executors.dask import DaskExecutor

distributed = pytest.importorskip("distributed", reason="distributed is not installed")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed"),
]


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, str]:
    """A certificate that is its own authority."""
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    asked = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench"]
    subprocess.run(
        ["openssl", "req", *asked, "-keyout", key, "-out", cert], check=True, capture_output=True
    )
    return {"ca": cert, "cert": cert, "key": key}


def test_scheduler_workers_and_run_speak_by_it(tls: dict[str, str]) -> None:
    executor = DaskExecutor(DaskExecutor.Params.model_validate({"tls": tls}), 1)
    try:
        assert executor.check().startswith("tls://127.0.0.1:")
        address = executor._client.scheduler.address
        with pytest.raises(ExecutorError, match=f"no scheduler at {address}"):
            DaskExecutor(DaskExecutor.Params.model_validate({"address": address}), 1)
    finally:
        executor.close()
