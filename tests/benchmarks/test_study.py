"""The study's tables, against figures computed by hand."""

import numpy as np
import pytest

from bench.evaluate import row_log_loss
from benchmarks.study import Place, Rows, blocks, contrasts_table, fill, growth_table, history_table

USERS, ROWS = 40, 5


def rows(names, seed=0, noise=0.3):
    """Logits of which each method's are a little worse than those of the one before."""
    generator = np.random.default_rng(seed)
    truth = generator.normal(size=USERS * ROWS)
    y = (generator.random(USERS * ROWS) < 1 / (1 + np.exp(-2 * truth))).astype(np.uint8)
    logits = {
        name: (2 * truth + noise * place * generator.normal(size=len(truth))).astype(np.float32)
        for place, name in enumerate(names)
    }
    return Rows(y, np.repeat(np.arange(USERS), ROWS), np.repeat(np.arange(USERS), ROWS), logits)


def cells(table, start):
    (line,) = (line for line in table.splitlines() if line.startswith(start))
    return [cell.strip() for cell in line.strip("|").split("|")]


def mean_loss(one, name, inside=slice(None)):
    return row_log_loss(one.y[inside], one.logits[name][inside]).mean()


def test_a_contrast_is_the_difference_over_the_seeds_that_both_were_run_with():
    place = Place("d/cold", (), {0: rows(["full-5", "fine-tune"]), 1: rows(["full-5"], seed=1)})
    found = cells(contrasts_table(place), "| meta-training against the best fine-tuning |")
    expected = mean_loss(place.rows[0], "full-5") - mean_loss(place.rows[0], "fine-tune")
    assert found[2] == "1"
    assert found[3] == f"{expected:+.4f}"


def test_a_contrast_whose_methods_were_not_run_is_left_out():
    place = Place("d/cold", (), {0: rows(["full-5", "gating"])})
    lines = contrasts_table(place).splitlines()[2:]
    assert [line.split("|")[2].strip() for line in lines] == ["full-5 − gating"]


def test_a_better_method_is_said_to_be_better():
    place = Place("d/cold", (), {seed: rows(["full-5", "fine-tune"], seed, noise=6.0) for seed in range(3)})
    found = cells(contrasts_table(place), "| meta-training against the best fine-tuning |")
    assert found[5] == "**better**"
    swapped = Place("d/cold", (), {seed: rows(["fine-tune", "full-5"], seed, noise=6.0) for seed in range(3)})
    assert cells(contrasts_table(swapped), "| meta-training against the best fine-tuning |")[5] == "**worse**"


def test_users_are_parted_by_their_support():
    place = Place("d/cold", (), {0: rows(["full-5", "fine-tune"])})
    found = [cells(history_table(place), f"| {low} to {low + 9} |") for low in (0, 10, 20, 30)]
    assert [int(line[1]) for line in found] == [10] * 4
    for part, line in enumerate(found):
        inside = slice(part * 10 * ROWS, (part + 1) * 10 * ROWS)
        one = place.rows[0]
        expected = mean_loss(one, "full-5", inside) - mean_loss(one, "fine-tune", inside)
        assert line[2].startswith(f"{expected:+.4f}")


def test_growth_has_a_column_for_each_length_of_support():
    names = [f"{family}[support_rows={size}]" for family in ("full", "fine-tune") for size in (5, 20)]
    place = Place("d/cold", (), {0: rows(names)})
    table = growth_table(place, (5, 20))
    one = place.rows[0]
    assert cells(table, "| full |")[1:] == [f"{mean_loss(one, name):.4f}" for name in names[:2]]
    expected = [mean_loss(one, names[i]) - mean_loss(one, names[i + 2]) for i in range(2)]
    assert [cell.split()[0] for cell in cells(table, "| full − fine-tune |")[1:]] == [f"{d:+.4f}" for d in expected]
    assert [name for name, _ in blocks(place)] == ["growth d/cold"]


def test_a_table_goes_between_its_marks():
    page = "before\n<!-- a -->\nold\n<!-- end of a -->\nafter\n"
    assert fill(page, "a", "new") == "before\n<!-- a -->\nnew\n<!-- end of a -->\nafter\n"
    assert fill(fill(page, "a", "new"), "a", "old") == page
    with pytest.raises(ValueError, match="no marks <!-- b -->"):
        fill(page, "b", "new")
