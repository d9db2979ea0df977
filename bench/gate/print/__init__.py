"""A gate's result, printed: for a terminal, as Markdown, as JUnit's XML, for GitHub. Each reads the result alone."""

from bench.gate.print.blocks import gate_blocks, summary
from bench.gate.print.github import annotation_lines, error_annotation
from bench.gate.print.junit import to_junit
from bench.gate.print.markdown import to_markdown

__all__ = [
    "annotation_lines",
    "error_annotation",
    "gate_blocks",
    "summary",
    "to_junit",
    "to_markdown",
]
