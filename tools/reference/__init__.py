"""Reference runs of the shipped suites, and docs/reference.md about them."""
