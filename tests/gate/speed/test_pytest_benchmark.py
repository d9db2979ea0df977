"""Files of pytest-benchmark 5 as two sides."""

from __future__ import annotations

import json
import random

import pytest
from click.testing import CliRunner

from bench.cli import main
from bench.errors import CompareError
from bench.gate.model import to_json
from bench.gate.speed import SpeedOptions, gate_speed

MACHINE = {
    "node": "runner-1",
    "machine": "x86_64",
    "system": "Linux",
    "python_implementation": "CPython",
    "python_version": "3.12.1",
    "cpu": {"brand_raw": "A processor", "arch": "X86_64", "count": 4},
}
NAMES = ("tests/test_fit.py::test_fit[1]", "tests/test_fit.py::test_fit[a b]")
LUCK = (1.0, 1.01, 0.99, 1.02, 1.005)


def document(seconds, machine=MACHINE, timer="perf_counter", when="now"):
    return {
        "machine_info": machine,
        "commit_info": {},
        "benchmarks": [
            {
                "fullname": name,
                "name": name.rpartition(":")[2],
                "params": None,
                "options": {"timer": timer},
                "stats": {"median": median, "min": median, "rounds": 5},
            }
            for name, median in seconds.items()
        ],
        "datetime": when,
        "version": "5.3.1",
    }


def write(folder, slower=1.0, names=NAMES, launches=5, **settings):
    """A folder with a file a launch."""
    folder.mkdir()
    for number, luck in enumerate(LUCK[:launches]):
        seconds = {
            name: 1e-3 * luck * slower * (1 + index) * (1 + 1e-6 * number)
            for index, name in enumerate(names)
        }
        (folder / f"{number:04}.json").write_text(
            json.dumps(document(seconds, when=f"{folder.name} {number}", **settings))
        )
    return folder


def gate(base, candidate, **options):
    return gate_speed(str(base), str(candidate), SpeedOptions(**options))


@pytest.fixture
def base(tmp_path):
    return write(tmp_path / "base")


@pytest.mark.parametrize(
    ("slower", "verdict"), [(10.0, "regressed"), (1.3, "regressed"), (1.003, "ok"), (0.5, "better")]
)
def test_medians_of_five_launches_are_judged(base, tmp_path, slower, verdict):
    result = gate(base, write(tmp_path / "candidate", slower))
    assert {cell.verdict for cell in result.cells} == {verdict}
    assert [cell.measure for cell in result.cells] == list(NAMES)
    assert all(
        cell.change == pytest.approx(slower - 1, rel=0.02, abs=0.01) for cell in result.cells
    )


def test_a_slow_benchmark_that_was_renamed_is_incomplete(base, tmp_path):
    result = gate(base, write(tmp_path / "candidate", 10.0, names=("t.py::test_new", NAMES[1])))
    by_name = {cell.measure: cell for cell in result.cells}
    assert by_name[NAMES[0]].verdict == "incomplete"
    assert "renamed" in by_name[NAMES[0]].reason
    assert result.exit_code == 4
    assert any("test_new" in note for note in result.notes)


def test_a_side_without_files_is_incomplete_as_under_xdist(base, tmp_path):
    (tmp_path / "none").mkdir()
    for nothing in (tmp_path / "none", tmp_path / "missing.json", tmp_path / "none" / "*.json"):
        result = gate(base, nothing)
        assert result.exit_code == 4
        assert "xdist" in result.cells[0].reason
        assert gate(nothing, base).exit_code == 4
        assert gate(nothing, nothing).exit_code == 4


@pytest.mark.parametrize("text", ["", json.dumps(document({}))])
def test_a_file_without_benchmarks_is_incomplete(base, tmp_path, text):
    candidate = write(tmp_path / "candidate", 1.001)
    (candidate / "0002.json").write_text(text)
    result = gate(base, candidate)
    assert {cell.verdict for cell in result.cells} == {"incomplete"}
    assert "4 of 5 files" in result.cells[0].reason


@pytest.mark.parametrize("stats", [{"rounds": 0}, {"median": None, "rounds": 5}, {}])
def test_a_benchmark_without_times_is_incomplete(base, tmp_path, stats):
    candidate = write(tmp_path / "candidate", 1.001)
    found = json.loads((candidate / "0000.json").read_text())
    found["benchmarks"][0]["stats"] = stats
    (candidate / "0000.json").write_text(json.dumps(found))
    result = gate(base, candidate)
    assert [cell.verdict for cell in result.cells] == ["incomplete", "ok"]


def test_one_file_a_side_judges_nothing(base, tmp_path):
    result = gate(base / "0000.json", write(tmp_path / "candidate", 10.0) / "0000.json")
    assert {cell.verdict for cell in result.cells} == {"inconclusive"}
    assert result.exit_code == 3
    assert any("a file is a launch" in note for note in result.notes)


def test_neither_the_order_of_files_nor_of_rows_says_anything(base, tmp_path):
    candidate = write(tmp_path / "candidate", 1.07)
    first = to_json(gate(base, candidate))
    order = random.Random(0)
    for folder in (base, candidate):
        files = sorted(folder.glob("*.json"))
        texts = [json.loads(file.read_text()) for file in files]
        order.shuffle(texts)
        for file, text in zip(files, texts, strict=True):
            order.shuffle(text["benchmarks"])
            file.write_text(json.dumps(text))
    assert json.dumps(to_json(gate(base, candidate))) == json.dumps(first)


def test_files_may_be_named_one_by_one_or_by_a_glob(base, tmp_path):
    names = sorted(map(str, write(tmp_path / "candidate", 1.001).glob("*.json")))
    listed = gate(base, ",".join(names)).cells
    assert listed == gate(base, tmp_path / "candidate").cells
    assert listed == gate(base, tmp_path / "candidate" / "*.json").cells


def test_one_launch_does_not_count_twice(base, tmp_path):
    candidate = write(tmp_path / "candidate")
    copied = json.loads((candidate / "0000.json").read_text())
    copied["benchmarks"].reverse()
    (candidate / "copy.json").write_text(json.dumps(copied, indent=1))
    with pytest.raises(CompareError, match="one launch, given twice"):
        gate(base, candidate)
    with pytest.raises(CompareError, match="one launch, given twice"):
        gate(base, base)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"cpu": {"brand_raw": "Another", "arch": "X86_64", "count": 4}}, "cpu brand_raw"),
        ({"machine": "arm64"}, "machine"),
        ({"cpu": None}, "cpu brand_raw"),
    ],
)
def test_another_machine_is_not_comparable(base, tmp_path, changed, told):
    candidate = write(tmp_path / "candidate", machine=MACHINE | changed)
    with pytest.raises(CompareError, match=told):
        gate(base, candidate)


def test_another_name_of_the_machine_or_another_python_is(base, tmp_path):
    other = MACHINE | {"node": "runner-2", "python_version": "3.13.0"}
    result = gate(base, write(tmp_path / "candidate", machine=other))
    assert result.verdict == "ok"
    assert result.differs == ("python 3.12.1 in BASE, 3.13.0 in CANDIDATE",)


def edited(folder, slower=1.0, **changed):
    """Files of which the first benchmark says something else: of `options` and `stats` what is given."""
    write(folder, slower)
    for number, file in enumerate(sorted(folder.glob("*.json"))):
        text = json.loads(file.read_text())
        for what, value in changed.items():
            value = value[number] if isinstance(value, list) else value
            of_one = text["benchmarks"][0]
            together = isinstance(value, dict) and isinstance(of_one.get(what), dict)
            of_one[what] = of_one[what] | value if together else value
        file.write_text(json.dumps(text))
    return folder


@pytest.mark.parametrize(
    "option", [{"timer": "process_time"}, {"disable_gc": True}, {"warmup": 100_000}]
)
def test_what_was_measured_otherwise_is_not_comparable(base, tmp_path, option):
    """Each benchmark by itself: one with another timer is enough."""
    (name,) = option
    candidate = edited(tmp_path / "candidate", 0.9, options=option)
    told = rf"test_fit\[1\] was measured with {name}=.*--benchmark-{name.replace('_', '-')}"
    for sides in ((base, candidate), (candidate, base)):
        with pytest.raises(CompareError, match=told):
            gate(*sides)


def test_timers_that_two_benchmarks_have_swapped_are_seen(tmp_path):
    """The set of them is the same on both sides."""
    other = {"timer": "process_time"}
    one = edited(tmp_path / "one", options=other)
    two = edited(tmp_path / "two", 0.9, options=other)
    for file in two.glob("*.json"):
        text = json.loads(file.read_text())
        first, second = text["benchmarks"]
        first["options"], second["options"] = second["options"], first["options"]
        file.write_text(json.dumps(text))
    with pytest.raises(CompareError, match="timer=process_time"):
        gate(one, two)


def test_launches_of_one_side_are_measured_alike_too(base, tmp_path):
    some = [{"warmup": False}, *[{"warmup": 100_000}] * 4]
    with pytest.raises(CompareError, match="warmup=100000"):
        gate(base, edited(tmp_path / "candidate", 0.9, options=some))


def test_what_is_off_is_off_however_it_is_written(base, tmp_path):
    off = {"warmup": False, "disable_gc": False, "precision": None}
    result = gate(base, edited(tmp_path / "candidate", 1.003, options=off))
    assert (result.verdict, result.differs) == ("ok", ())


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"options": {"min_rounds": 50}}, "min_rounds: false in BASE, 50 in CANDIDATE"),
        ({"options": {"max_time": 0.1}}, "max_time: false in BASE, 0.1 in CANDIDATE"),
        ({"options": {"min_time": 0.1}}, "min_time: false in BASE, 0.1 in CANDIDATE"),
        ({"options": {"precision": 0.01}}, "precision: false in BASE, 0.01 in CANDIDATE"),
        ({"options": {"confidence": 0.9}}, "confidence: false in BASE, 0.9 in CANDIDATE"),
        ({"stats": {"rounds": 1}}, "rounds: 5 in BASE, 1 in CANDIDATE"),
        ({"extra_info": {"rows": 9}}, 'extra_info: null in BASE, {"rows": 9} in CANDIDATE'),
    ],
)
def test_what_may_make_other_seconds_is_told_of(base, tmp_path, changed, told):
    result = gate(base, edited(tmp_path / "candidate", **changed))
    assert result.differs == (f"{told}, of {NAMES[0]}",)


def test_one_call_a_round_beside_many_is_told_of(tmp_path):
    one = edited(tmp_path / "one", stats={"iterations": 1})
    many = edited(tmp_path / "many", 1.003, stats={"iterations": 1000})
    assert gate(one, many).differs == (f"iterations: 1 in BASE, 1000 in CANDIDATE, of {NAMES[0]}",)


def test_rounds_that_follow_from_the_speed_of_the_code_say_nothing(tmp_path):
    asked = {"min_rounds": 5}
    slow = edited(tmp_path / "slow", options=asked, stats={"rounds": 20, "iterations": 3})
    fast = edited(tmp_path / "fast", 0.5, options=asked, stats={"rounds": 40, "iterations": 6})
    assert gate(slow, fast).differs == ()


def test_extra_info_that_each_launch_measures_anew_says_nothing(base, tmp_path):
    anew = [{"auc": number} for number in range(5)]
    assert gate(base, edited(tmp_path / "candidate", extra_info=anew)).differs == ()


def test_many_benchmarks_that_differ_alike_are_one_line(tmp_path):
    names = [f"t.py::test_{number}" for number in range(9)]
    for folder in ("base", "candidate"):
        write(tmp_path / folder, names=names)
    for file in (tmp_path / "candidate").glob("*.json"):
        text = file.read_text().replace('"timer"', '"min_rounds": 50, "timer"')
        file.write_text(text)
    (told,) = gate(tmp_path / "base", tmp_path / "candidate").differs
    assert told.endswith("of t.py::test_0, t.py::test_1, t.py::test_2 and 6 more")


def test_another_version_of_pytest_benchmark_is_told_of(base, tmp_path):
    candidate = write(tmp_path / "candidate")
    for file in candidate.glob("*.json"):
        file.write_text(file.read_text().replace('"5.3.1"', '"4.0.0"'))
    assert gate(base, candidate).differs == ("pytest-benchmark 5.3.1 in BASE, 4.0.0 in CANDIDATE",)


def test_other_parameters_under_one_name_are_other_work(tmp_path):
    many = edited(tmp_path / "many", params={"rows": 1000})
    few = edited(tmp_path / "few", 0.01, params={"rows": 10})
    cells = {cell.measure: cell for cell in gate(many, few).cells}
    assert cells[NAMES[0]].verdict == "incomplete"
    assert '{"rows": 1000} in BASE, {"rows": 10} in CANDIDATE' in cells[NAMES[0]].reason


def test_parameters_are_told_apart_by_their_ends_too(tmp_path):
    many = edited(tmp_path / "many", params={"data": "x" * 100 + "1000"})
    few = edited(tmp_path / "few", 0.01, params={"data": "x" * 100 + "10"})
    assert gate(many, few).cells[0].verdict == "incomplete"


def test_parameters_that_are_objects_are_not_compared(tmp_path):
    """pytest-benchmark writes their addresses."""
    sides = [
        edited(tmp_path / name, 1.003, params={"model": f"<shop.Model object at 0x{name}>"})
        for name in ("1a", "2b")
    ]
    drawn = edited(tmp_path / "drawn", params=[{"seed": number} for number in range(5)])
    assert {cell.verdict for cell in gate(*sides).cells} <= {"ok"}
    assert gate(sides[0], drawn).exit_code == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"benchmarks": [', "no whole JSON file"),
        ("[" * 100_000, "no whole JSON file"),
        ("[]", "no file of pytest-benchmark"),
        ('{"benchmarks": {}}', "no list `benchmarks`"),
        ('{"benchmarks": [], "context": {}}', "no `machine_info`"),
        ('{"benchmarks": [{"name": "x"}], "machine_info": {}, "version": "5"}', "no `fullname`"),
        ('{"benchmarks": [{"fullname": "x"}], "machine_info": {}, "version": "5"}', "no `stats`"),
    ],
)
def test_another_tools_file_is_refused_by_name(base, tmp_path, text, told):
    candidate = write(tmp_path / "candidate")
    (candidate / "0001.json").write_text(text)
    with pytest.raises(CompareError, match=rf"0001\.json.*{told}"):
        gate(base, candidate)


@pytest.mark.parametrize("median", [0, -1.0, float("nan"), float("inf"), "1", True])
def test_no_time_is_refused(base, tmp_path, median):
    candidate = write(tmp_path / "candidate")
    found = json.loads((candidate / "0001.json").read_text())
    found["benchmarks"][1]["stats"]["median"] = median
    (candidate / "0001.json").write_text(json.dumps(found))
    with pytest.raises(CompareError, match=r"0001\.json: benchmarks\[1\].*is no time"):
        gate(base, candidate)


def test_a_name_twice_in_a_file_is_refused(base, tmp_path):
    candidate = write(tmp_path / "candidate")
    found = json.loads((candidate / "0001.json").read_text())
    found["benchmarks"].append(found["benchmarks"][0])
    (candidate / "0001.json").write_text(json.dumps(found))
    with pytest.raises(CompareError, match="there twice"):
        gate(base, candidate)


@pytest.mark.parametrize("named", ["", "a.json,,b.json", "main", "bench.whl", "x\0.json"])
def test_a_name_that_is_no_file_is_refused(base, named):
    with pytest.raises(CompareError):
        gate(base, named)


def test_the_command_ends_as_the_verdict_says(base, tmp_path):
    slow = write(tmp_path / "slow", 2.0)
    for candidate, code in ((slow, 1), (tmp_path / "gone.json", 4)):
        ended = CliRunner().invoke(main, ["gate", "--speed", str(base), str(candidate)])
        assert ended.exit_code == code, ended.output
    ended = CliRunner().invoke(
        main, ["gate", "--speed", str(base), str(slow), "--margin", "150%", "--json"]
    )
    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["verdict"] == "ok"


@pytest.mark.parametrize("margin", ["ten", "-1%", "nan", "10", "inf%"])
def test_a_margin_is_a_share(base, margin):
    ended = CliRunner().invoke(main, ["gate", "--speed", str(base), str(base), "--margin", margin])
    assert ended.exit_code == 2
    assert "10%" in ended.output


def test_options_of_a_suite_say_nothing_without_one(base):
    told = CliRunner().invoke(main, ["gate", "--speed", str(base), str(base), "--launches", "9"])
    assert (told.exit_code, "--suite" in told.output) == (2, True)
    for option in (["--launches", "9"], ["--plugins", "shop.py"]):
        told = CliRunner().invoke(main, ["gate", str(base), str(base), *option])
        assert (told.exit_code, f"{option[0]} is an option of --speed" in told.output) == (2, True)
