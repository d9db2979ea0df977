"""Sections of docs/performance.md that need no other library, a module each: `measure` gives what the page shows."""
