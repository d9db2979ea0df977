"""A suite run again and again in one process, for whoever times it. A script for any Python that has metaselector-bench, of
this version or an older one: it uses nothing but `bench.run_suite` and what a record holds.

It reads requests and writes answers, a line of JSON each: {"executor", "only", "out"} asks for one block, a run of the suite;
{"error": line} answers what can't be run. It ends with its input, in the middle of a block too."""

import json
import os
import queue
import shutil
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["main"]

# what of a record's cost counts: of the trial's own step
COSTS = ("train_cpu_s", "train_wall_s", "predict_cpu_s", "predict_wall_s", "peak_rss_bytes")


def main(settings: dict[str, Any]) -> None:
    asked, answers = _own_pipes()
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(asked, requests), daemon=True).start()
    while True:
        answer = _answer(settings, json.loads(requests.get()))
        answers.write(json.dumps(answer, allow_nan=False) + "\n")
        answers.flush()


def _own_pipes() -> tuple[Any, Any]:
    """Of requests and of answers, for nobody else: plugins have no input, and what they print goes to stderr."""
    asked = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return asked, answers


def _listen(asked: Any, requests: "queue.Queue[str]") -> None:
    for line in asked:
        requests.put(line)
    os._exit(0)


def _answer(settings: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    try:
        return _block(settings, request)
    except Exception as error:
        told = str(error) if _is_told(error) else f"{type(error).__name__}: {error}"
        return {"error": told}


def _is_told(error: Exception) -> bool:
    """Whether its text says by itself what is wrong."""
    return any(kind.__name__ == "BenchError" for kind in type(error).__mro__)


def _block(settings: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    import bench

    out, cache = Path(request["out"]), Path(settings["cache"])
    run = bench.run_suite(
        settings["suite"],
        plugins=[Path(path) for path in settings["plugins"]],
        data_dir=settings["data_dir"],
        cache_dir=settings["cache"],
        threads=settings["threads"],
        workers=1,
        executor=request["executor"],
        only=tuple(request["only"]),
        rerun="all",
        out=out,
        allow_incomplete=True,
    )
    records = {_key(record["trial"]): record for record in run.records}
    lines = [line for line in run.manifest["trials"] if line.get("asked", True)]
    trials = [_trial(line, records.get(_key(line)), out) for line in lines]
    shutil.rmtree(out, ignore_errors=True)
    return {
        "bench": str(Path(bench.__file__).resolve()),
        "version": bench.__version__,
        "versions": {name: v for record in run.records for name, v in record["versions"].items()},
        "gate": run.manifest.get("gate", {}),
        "trials": trials,
        "cache_bytes": _size((cache / "steps").rglob("*")),
    }


def _key(trial: dict[str, Any]) -> tuple[str, str, str, int]:
    return trial["dataset"], trial["protocol"], trial["method"], trial["seed"]


def _trial(line: dict[str, Any], record: Any, out: Path) -> dict[str, Any]:
    """A line for each trial that the suite has; `status` of one without a record is its failure's."""
    dataset, protocol, method, seed = _key(line)
    told = {"dataset": dataset, "protocol": protocol, "method": method, "seed": seed}
    if record is None:
        return {
            **told,
            "kind": line.get("kind", ""),
            "reason": "",
            "status": line["status"] or "missing",
            "figures": {},
        }
    cost, blobs = record["cost"]["own"], record["blobs"]
    figures = {name: cost[name] for name in COSTS if cost.get(name) is not None}
    sizes = [path.stat().st_size for digest in blobs.values() for path in _blob(out, digest)]
    if sizes:
        figures["blob_bytes"] = sum(sizes)
    if isinstance(parameters := record["details"].get("parameters"), int):
        figures["parameters"] = parameters
    return {
        **told,
        "kind": record["kind"],
        **{what: record["identity"].get(what) for what in ("data", "split", "settings")},
        "status": record["outcome"]["status"],
        "reason": record["outcome"]["reason"],
        "logits": blobs.get("logits"),
        "figures": figures,
    }


def _blob(out: Path, digest: str) -> list[Path]:
    return list((out / "blobs").glob(f"{digest}.*"))


def _size(files: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in files if path.is_file())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
