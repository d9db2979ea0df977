"""YAML with the place of everything, and problems that say where."""
