"""Processes that may die: a function run in a process of its own, forked from a server that has run nothing yet.

Nothing here knows what the functions do. What a stranger's code does to its process (an exit, a signal, threads and children
left behind, settings of the interpreter) stays in there; the program that asked hears what it said and how it ended."""

from bench.processes.client import Server
from bench.processes.idle import ask, borrow, close_idle, give_back, taken
from bench.processes.messages import NO_LIMITS, Answer, Ended, Limits, Said, Task

__all__ = [
    "NO_LIMITS",
    "Answer",
    "Ended",
    "Limits",
    "Said",
    "Server",
    "Task",
    "ask",
    "borrow",
    "close_idle",
    "give_back",
    "taken",
]
