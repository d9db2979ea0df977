"""Compiled training of what the harness knows in closed form: lookups, optimisers of table rows, epochs of LR, FM and FFM.

Everything here is a function of arrays; the torch forms of the same are the oracle of the tests."""
