"""`bench test-plugin`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.testing import check_names

FIXTURES = Path(__file__).parents[1] / "fixtures"
NFM = FIXTURES / "single_file_plugin.py"
MINE = '''\
import numpy as np

from bench import hookimpl
from bench.interfaces import Model, Selection, Selector


class Rate(Model):
    """The base rate, for good."""

    name = "lr-of-mine"

    def fit(self, train, valid, context):
        self.rate = train.labels.mean()

    def predict(self, rows):
        return np.full(len(rows), self.rate)


class Twice(Selector):
    """Everybody counts twice."""

    name = "twice"

    def fit(self, train, valid, context):
        pass

    def predict(self, tasks):
        n, k = tasks.query_base_logits.shape
        return Selection(weights=np.full((n, k), 2 / k))


@hookimpl
def bench_models():
    return {"lr-of-mine": f"{__name__}:Rate"}


@hookimpl
def bench_selectors():
    return {"twice": f"{__name__}:Twice"}
'''


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["test-plugin", *map(str, arguments), "--no-plugin-autoload"])


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE, "utf-8")
    return path


def test_a_name_that_conforms_exits_0_with_a_line_a_check() -> None:
    result = check("lr")
    assert result.exit_code == 0, result.output
    title, head, *lines = result.stdout.strip().splitlines()
    assert title == "lr · base model · metaselector-bench 0.1.0 (bench_ctr)"
    assert head.split() == ["check", "result", "reason;", "fix"]
    assert [line.split("  ")[0] for line in lines] == check_names("models")
    assert (
        next(line for line in lines if "n/a" in line).split("n/a")[1].strip()
        == "a base model gives no weights"
    )
    assert lines[0].split("  ")[-1] == "passed"


def test_a_file_that_conforms_exits_0() -> None:
    assert check(NFM).exit_code == 0


def test_every_plugin_of_a_file_is_checked_and_a_failed_check_exits_1_with_reason_and_fix(
    mine: Path,
) -> None:
    result = check(mine)
    assert result.exit_code == 1
    assert f"lr-of-mine · base model · {mine}" in result.stdout
    assert f"twice · selector · {mine}" in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if " failed " in line]
    assert line.startswith("weights on the simplex ")
    assert "off the simplex" in line
    assert line.endswith("weights are not negative and add up to 1 in each row: a softmax, say")


def test_a_kind_alone(mine: Path) -> None:
    assert check(mine, "--kind", "models").exit_code == 0
    result = check(NFM, "--kind", "selectors")
    assert result.exit_code == 2
    assert result.stderr == f"{NFM}: what is checked are selectors; there is base model 'nfm'\n"


def test_a_folder_of_plugins(mine: Path) -> None:
    found = json.loads(check(mine.parent, "--json").stdout)["plugins"]
    assert [plugin["name"] for plugin in found] == ["lr-of-mine", "twice"]


def test_a_name_from_a_file_that_is_loaded_beside(mine: Path) -> None:
    result = check("lr-of-mine", "--plugins", mine)
    assert result.exit_code == 0
    assert "twice" not in result.stdout


def test_a_name_that_two_kinds_have_is_checked_in_both(tmp_path: Path) -> None:
    both = tmp_path / "both.py"
    both.write_text(MINE.replace("lr-of-mine", "twice"), "utf-8")
    found = json.loads(check("twice", "--plugins", both, "--json").stdout)["plugins"]
    assert [(plugin["kind"], plugin["name"]) for plugin in found] == [
        ("models", "twice"),
        ("selectors", "twice"),
    ]


def test_each_check_is_told_of_as_it_ends() -> None:
    result = check("lr")
    told = [line.split(": ") for line in result.stderr.splitlines()]
    table = [line.split("  ")[0] for line in result.stdout.splitlines() if " passed" in line]
    assert {name for _, name, _ in told} == set(table)
    assert {(plugin, status) for plugin, _, status in told} == {("lr", "passed")}


def test_who_trains_and_who_adapts_is_said() -> None:
    (line,) = [line for line in check("lr").stdout.splitlines() if line.startswith("what it decl")]
    assert "trained by numba" in line
    assert ": logistic-regression; adapted by numba" in line


def test_json(mine: Path) -> None:
    result = check(mine, "--json")
    assert result.exit_code == 1
    rate, twice = json.loads(result.stdout)["plugins"]
    assert (rate["kind"], rate["name"], rate["origin"]) == ("models", "lr-of-mine", str(mine))
    assert [found["name"] for found in twice["checks"]] == check_names("selectors")
    assert {found["status"] for found in rate["checks"]} == {"passed", "n/a"}
    (failed,) = [found for found in twice["checks"] if found["status"] == "failed"]
    assert failed["name"] == "weights on the simplex"
    assert failed["reason"]
    assert failed["fix"]


def test_a_folder_called_like_a_plugin_is_not_loaded_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lr").mkdir()
    (tmp_path / "lr" / "__init__.py").write_text("raise SystemExit('loaded')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    result = check("lr")
    assert result.exit_code == 0, result.output
    assert "metaselector-bench" in result.stdout


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        (
            "lrr",
            "unknown plugin 'lrr'; did you mean 'lr'? or is it in a file? give that with --plugins FILE",
        ),
        (
            "meta-sgd",
            "meta-sgd: what is checked are base models, selectors, datasets, protocols, metrics and executors; "
            "there is meta-learner 'meta-sgd'; a run is its test\n",
        ),
        ("nowhere.py", "nowhere.py: no such file or folder"),
        ("no/where", "no/where: no such file or folder"),
    ],
)
def test_what_there_is_not_exits_2(plugin: str, message: str) -> None:
    result = check(plugin)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(message)


def test_a_file_of_kinds_that_are_not_checked_exits_2(tmp_path: Path) -> None:
    file = tmp_path / "rule.py"
    file.write_text(
        "from bench import hookimpl\n@hookimpl\ndef bench_meta_learners(): return {'mine': 'x:A'}\n",
        "utf-8",
    )
    result = check(file)
    assert result.exit_code == 2
    assert (
        result.stderr
        == f"{file}: what is checked are base models, selectors, datasets, protocols, metrics and executors; there is "
        "meta-learner 'mine'; a run is its test\n"
    )


@pytest.mark.fault(1)
def test_a_file_that_is_quarantined_exits_4_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "bad.py"
    file.write_text("import numpyy\n", "utf-8")
    result = check(file)
    assert result.exit_code == 4
    assert result.stderr.startswith(
        f"{file} is quarantined: ModuleNotFoundError: No module named 'numpyy'"
    )


def test_a_parameter_without_a_default_is_told_of(mine: Path) -> None:
    params = (
        "    class Params(PluginParams):\n        depth: int = Field(ge=1, description='levels')\n"
    )
    text = MINE.replace('    name = "lr-of-mine"\n', f'    name = "lr-of-mine"\n{params}')
    text = text.replace("import Model,", "import Model, PluginParams,").replace(
        "import numpy as np\n", "import numpy as np\nfrom pydantic import Field\n"
    )
    mine.write_text(text, "utf-8")
    result = check(mine)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith("lr-of-mine: 'depth' can't be left at its")


def test_the_others_of_a_file_are_checked_where_one_can_not_be(mine: Path) -> None:
    mine.write_text(
        MINE.replace(
            '    name = "lr-of-mine"\n',
            '    name = "lr-of-mine"\n    class Params(PluginParams):\n'
            "        depth: int = Field(ge=1, description='levels')\n",
        )
        .replace("import Model,", "import Model, PluginParams,")
        .replace("import numpy as np\n", "import numpy as np\nfrom pydantic import Field\n"),
        "utf-8",
    )
    result = check(mine, "--json")
    assert result.exit_code == 2
    rate, twice = json.loads(result.stdout)["plugins"]
    assert rate["refused"].startswith("lr-of-mine: 'depth' can't be left at its default")
    assert (rate["checks"], twice["refused"]) == ([], None)
    assert [found["name"] for found in twice["checks"]] == check_names("selectors")
    assert json.loads(check(mine, "--kind", "models", "--json").stdout)["exit_code"] == 2


def verdicts(file: Path) -> dict[str, tuple[str, str]]:
    """Of the base model of a file: status and reason by check."""
    found = json.loads(check(file, "--kind", "models", "--json").stdout)["plugins"][0]["checks"]
    return {one["name"]: (one["status"], one["reason"]) for one in found}


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("import torch; torch.set_default_dtype(torch.float64)", "torch's default dtype"),
        ("import torch; torch.set_num_threads(3)", "torch's threads"),
        ("import torch; torch.set_flush_denormal(True)", "flushing of denormals"),
        ("import torch; torch.set_float32_matmul_precision('medium')", "torch's matmul precision"),
        ("import torch; torch.manual_seed(0)", "torch's random state"),
        ("import random; random.seed(0)", "python's random state"),
        ("np.random.seed(0)", "numpy's random state"),
        ("np.seterr(all='ignore')", "numpy's error handling"),
        ("import os; os.environ['LEVEL'] = '1'", "the environment"),
        ("import os; os.chdir('/')", "the working folder"),
        ("import sys; sys.path.insert(0, '/')", "sys.path"),
        ("import warnings; warnings.simplefilter('ignore')", "warning filters"),
        ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)", "signal handlers"),
        ("import sys; sys.setrecursionlimit(5000)", "the recursion limit"),
        (
            "import threading; threading.Thread(target=threading.Event().wait, name='idle', daemon=True).start()",
            "thread 'idle'",
        ),
    ],
)
def test_what_an_import_changes_is_named_and_blamed_on_no_other_check(
    mine: Path, line: str, changed: str
) -> None:
    mine.write_text(MINE.replace("\n\nclass Rate", f"\n{line}\n\n\nclass Rate"), "utf-8")
    found = verdicts(mine)
    assert {name for name, (status, _) in found.items() if status == "failed"} == {
        "import leaves the process alone"
    }
    assert found["import leaves the process alone"][1] == f"importing it changed {changed}"


def test_what_a_library_changes_as_it_is_imported_is_not_the_plugin_s(
    mine: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = tmp_path_factory.mktemp("libraries")
    source = "import os, warnings\nos.environ['LEVEL'] = '1'\nwarnings.simplefilter('once')\n"
    (libraries / "a_library.py").write_text(source, "utf-8")
    monkeypatch.syspath_prepend(libraries)
    mine.write_text(f"import a_library\n{MINE}", "utf-8")
    assert verdicts(mine)["import leaves the process alone"] == ("passed", "")


@pytest.mark.fault(5, 6)
@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 11)", "os.abort()"])
def test_a_plugin_that_ends_its_process_fails_by_name_and_the_others_are_checked(
    mine: Path, end: str
) -> None:
    mine.write_text(MINE.replace("self.rate = ", f"import os; {end}; self.rate = "), "utf-8")
    result = check(mine, "--json")
    assert result.exit_code == 1
    rate, twice = json.loads(result.stdout)["plugins"]
    shape = next(one for one in rate["checks"] if one["name"].startswith("shape"))
    assert shape["status"] == "failed"
    assert shape["reason"].startswith("it ended the process (")
    assert shape["fix"]
    statuses = [one["status"] for one in twice["checks"]]
    assert (len(statuses), statuses.count("failed")) == (len(check_names("selectors")), 1)


def test_a_plugin_that_ends_the_process_as_it_is_made_does_not_keep_the_others_unchecked(
    mine: Path,
) -> None:
    init = "    def __init__(self, params):\n        import os\n        os._exit(0)\n\n    def fit"
    mine.write_text(MINE.replace("    def fit", init, 1), "utf-8")
    result = check(mine, "--json")
    assert result.exit_code == 1
    rate, twice = json.loads(result.stdout)["plugins"]
    assert {one["reason"] for one in rate["checks"] if one["status"] == "failed"} == {
        "it ended the process (exit code 0)"
    }
    assert [one["name"] for one in twice["checks"] if one["status"] == "failed"] == [
        "weights on the simplex"
    ]


@pytest.mark.fault(5)
def test_a_plugin_that_ends_the_process_as_it_is_imported_never_exits_0(mine: Path) -> None:
    mine.write_text("import os\nos._exit(0)\n" + MINE, "utf-8")
    result = check(mine)
    assert result.exit_code == 4
    assert "it ended the process (exit code 0)" in result.stderr


@pytest.mark.parametrize(
    ("source", "reason"),
    [("import os\nos._exit(0)\n", "it ended the process"), ("import numpyy\n", "numpyy")],
)
def test_a_file_of_a_folder_that_is_quarantined_does_not_keep_the_others_unchecked(
    mine: Path, source: str, reason: str
) -> None:
    (mine.parent / "dead.py").write_text(source, "utf-8")
    result = check(mine.parent, "--json")
    assert result.exit_code == 4
    assert f"{mine.parent / 'dead.py'} is quarantined: " in result.stderr
    assert reason in result.stderr
    rate, twice = json.loads(result.stdout)["plugins"]
    assert all(one["checks"] for one in (rate, twice))


def test_a_metric_a_protocol_and_a_dataset_by_name() -> None:
    for kind, name in (("metrics", "gauc"), ("protocols", "leave-last"), ("datasets", "synthetic")):
        result = check(name, "--json")
        assert result.exit_code == 0, result.stdout
        (found,) = json.loads(result.stdout)["plugins"]
        assert (found["kind"], found["name"]) == (kind, name)
        assert [one["name"] for one in found["checks"]] == check_names(kind)
        statuses = {one["name"]: one["status"] for one in found["checks"]}
        # leave-last and synthetic have nothing to cite
        assert statuses.pop("citation") == ("passed" if name == "gauc" else "n/a")
        assert {*statuses.values()} == {"passed"}


def test_an_exception_that_many_checks_meet_is_told_once_and_in_json_with_each(
    tmp_path: Path,
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        MINE.replace("self.rate = train.labels.mean()", 'raise RuntimeError("no licence")'), "utf-8"
    )
    result = check(file, "--kind", "models")
    assert result.exit_code == 1
    assert result.stdout.count("no licence") == 1
    assert "as in the check 'shape, dtype and finiteness'" in result.stdout
    told = json.loads(check(file, "--kind", "models", "--json").stdout)["plugins"][0]["checks"]
    assert sum("no licence" in one["reason"] for one in told) > 3
