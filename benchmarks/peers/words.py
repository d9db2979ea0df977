"""What the page says beside its tables."""

from __future__ import annotations

__all__ = ["AGAIN", "BESIDE_LIMITS", "CURVES", "EPOCHS", "FOOT", "HEAD", "LIMITS", "QUICK", "TITLE"]

TITLE = "# Performance"
HEAD = f"""\
{TITLE}

What training costs here and in other libraries, on the same rows, one thread, one processor. Time is CPU time unless it says
otherwise. Read ratios within a table: machines differ, and one differs from minute to minute.
"""
QUICK = "Measured with `--quick`: small and inexact, to try the command out. No figure of it is worth quoting."
EPOCHS = """\
{data}
A DeepFM 400-400-400 has an eighth of them. Adam without L2, {rounds} rounds, each library in turn, a process each. Model,
width, batch and rate are the same for all who have them. Such tables are small; for larger ones see
[Growth](#growth-with-table-rows-batch-fields-and-width).

*LR* is a logistic regression. *FM-16* and *FFM-16* are a factorization machine and a field-aware one, of 16 numbers a
vector. *DeepFM 64-64* is an FM-16 beside two hidden layers of 64 units.

*Times ours* is a library's seconds divided by this project's: how many times as fast this project is, with a 95 % interval
over rounds. What has no mini-batches goes *a row* at a time; its seconds are divided by ours at batch {first_batch:,}. Peak
memory is of the whole process, imports too.

Shuffling counts; of this project also building the tables, and a validation on 1,000 rows. Reading and encoding rows,
compiling and predicting do not. A report of `bench run` therefore shows fewer rows a second: it counts the set-up of a fit,
and after each epoch the validation on all validation rows. Few epochs show it most: reports have had an LR at 1,600 to 2,800
k rows/s, and at 7,200 over 20 epochs.

An AUC with a star is more than {worse:g} below the best of its model and batch: a faster run that is worse is no gain. What
goes a row at a time is held against others that do, and has no star where it is the only one. Its steps are more and others
than a batch's: [AUC by seconds](#auc-by-seconds) compares all.
"""
CURVES = """\
What a second buys: AUC of the test rows after more and more epochs, in the steps of the column *asked after*; for trees after
more trees, for LIBLINEAR at narrower tolerances. They are the markers in the pictures.
{data}

What takes longest has fewer epochs, so that the whole run stays short. Many lines fall after their best: they over-fit, as
nothing stops them early.

*Near* is {near:.1%} of the best AUC in the table. A line that still rises might come near with more epochs. The best is
picked on the test rows, of one run with one seed, without an interval: a hair's breadth decides some lines. Reading is each
library's own, of what it reads fastest.
"""
LIMITS = """\
The least that a row of an epoch costs: bytes that it must move and operations that it must do, by the speed at which this
machine streams memory, reads rows of a small table and multiplies float32 matrices. A processor may do all three at once, so
the largest bounds it; *times the largest* is how many times as long the epoch above takes. Adam's steps on touched rows
count.

Bytes *in order* lie one after the other: a row's codes, its label and its place in the shuffle. Those *of table rows* lie
wherever the codes point: parameters, gradients and Adam's moments. *Triad* (a = b + 3 c over arrays larger than any cache)
is the speed of the first, *gather* (table rows read in random order) that of the second, and *GEMM* (the product of two
dense matrices) that of operations.
"""
BESIDE_LIMITS = """\
What it takes beside: a batch's table rows lie in no order, so they are found, counted and put side by side before anything
is computed, and an LR does little else. Adam's root and quotient count as one operation each, and take several. Of a
DeepFM's time products are a share, .4 in a tower of 64-64 and over .9 in one of 400-400-400
([measured here](../benchmarks/README.md)).

Slowest by their bytes are FFMs, some 16 KB a row (two thirds vectors and their gradients, a third Adam's), and tables that no
cache holds, whose rows come at the speed of the last two gathers below. Bfloat16 gains nothing where its products are no
faster than those in float32.
"""
AGAIN = "## Again"
FOOT = f"""\
{AGAIN}
```console
$ python -m benchmarks.peers
```
installs each library into an environment of its own, measures the first three sections, and writes this page with its figures.
`--help` says how to measure less.

```console
$ python -m benchmarks.sections
```
measures the sections between these and the libraries, which need no other library; names measure some, as in
`python -m benchmarks.sections metrics`, and `--help` says what each is.

`python -m benchmarks.peers.page` writes the page again from the results beside it.
"""
