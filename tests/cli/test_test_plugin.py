"""`bench test-plugin`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import main
from bench.testing import CHECKS

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
    assert [line.split("  ")[0] for line in lines] == list(CHECKS)
    assert (
        next(line for line in lines if "n/a" in line).split("n/a")[1].strip()
        == "a base model gives no weights"
    )


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


def test_json(mine: Path) -> None:
    result = check(mine, "--json")
    assert result.exit_code == 1
    rate, twice = json.loads(result.stdout)["plugins"]
    assert (rate["kind"], rate["name"], rate["origin"]) == ("models", "lr-of-mine", str(mine))
    assert [found["name"] for found in twice["checks"]] == list(CHECKS)
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
        ("lrr", "unknown plugin 'lrr'; did you mean 'lr'?\n"),
        (
            "meta-sgd",
            "meta-sgd: what is checked are base models and selectors; there is meta-learner 'meta-sgd'\n",
        ),
        ("nowhere.py", "nowhere.py: no such file or folder"),
        ("no/where", "no/where: no such file or folder"),
    ],
)
def test_what_there_is_not_exits_2(plugin: str, message: str) -> None:
    result = check(plugin)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(message)


def test_a_file_without_base_models_and_selectors_exits_2(tmp_path: Path) -> None:
    file = tmp_path / "metric.py"
    file.write_text(
        "from bench import hookimpl\n@hookimpl\ndef bench_metrics(): return {'mine': 'x:A'}\n",
        "utf-8",
    )
    result = check(file)
    assert result.exit_code == 2
    assert (
        result.stderr
        == f"{file}: what is checked are base models and selectors; there is metric 'mine'\n"
    )


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
    assert result.stderr.startswith("lr-of-mine: 'depth' can't be left at its default")


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
