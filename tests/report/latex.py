"""LaTeX compiled for real, and read back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["needs_latex", "typeset"]

needs_latex = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("pdftotext")),
    reason="needs pdflatex and pdftotext",
)
_DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs}
\usepackage{graphicx}
\begin{document}
%s
\end{document}
"""


def typeset(tables: str, folder: Path) -> str:
    """What a reader sees of the tables in a document of their own, a line a row. Minus signs are hyphens. No table is larger
    than its page."""
    (folder / "paper.tex").write_text(_DOCUMENT % tables, "ascii")
    command = ["pdflatex", "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error"]
    for _ in range(2):  # references are known the second time
        ran = subprocess.run(
            [*command, "paper.tex"], cwd=folder, capture_output=True, text=True, errors="replace"
        )
        assert ran.returncode == 0, ran.stdout[-2000:]
        assert "Float too large" not in ran.stdout
    read = subprocess.run(
        ["pdftotext", "-layout", "paper.pdf", "-"], cwd=folder, capture_output=True, check=True
    )
    return read.stdout.decode("utf-8").replace("\N{MINUS SIGN}", "-")
