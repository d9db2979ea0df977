"""`python -m bench.cli`: the same as `bench`, for where the script is not on the PATH."""

from bench.cli import main

main(prog_name="bench")
