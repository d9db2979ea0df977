"""Files that would cost a careless reader much, by what is much in them."""

from __future__ import annotations

__all__ = ["HOSTILE"]

HOSTILE = {
    "aliases": "a0: &a0 [x]\n"
    + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)),
    "10 MB": "a: 1\n" * 2_500_000,
    "5000 levels": "[" * 5000 + "]" * 5000,
    "many values": "[" + "1," * 499_000 + "1]",
    "many keys": "".join(f"key-{number}: 1\n" for number in range(70_000)),
    "complex keys": "? " * 490_000,
    "directives": "%" * 900_000,
    "escapes": 'a: "' + "\\" * 990_000,
    "digits": "a: " + "9" * 990_000,
}
