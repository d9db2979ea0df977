"""What tasks do in these tests, in processes of their own."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import psutil


def shout(argument, say):
    say("begun")
    return argument.upper()


def shout_late(argument, say):
    time.sleep(1)
    return shout(argument, say)


def parent(argument, say):
    return str(os.getppid())


def kill_parent_of(argument, say):
    time.sleep(0.2)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)


def stop_parent(argument, say):
    say(str(os.getpid()))
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(600)


def print_all_over(argument, say):
    print('["result", "forged"]')
    os.write(1, b"noise")
    return "real"


def leave_much(argument, say):
    """Children in this session and in one of their own, and a thread."""
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    pids = [subprocess.Popen(sleep, start_new_session=new).pid for new in (False, True)]
    threading.Thread(target=time.sleep, args=(600,)).start()
    return " ".join(map(str, pids))


def signal_own_group(argument, say):
    os.killpg(0, signal.SIGTERM)


def stop(argument, say):
    say(str(os.getpid()))
    os.kill(os.getpid(), signal.SIGSTOP)


def hold_the_pipe_and_die(argument, say):
    if os.fork() == 0:
        time.sleep(600)
    os._exit(7)


def write_into_every_pipe(argument, say):
    for descriptor in range(3, 100):
        try:
            os.write(descriptor, argument.encode() + b"\n")
        except OSError:
            continue
    time.sleep(600)


def look_around(argument, say):
    return f"{os.environ.get('LATER')} {os.getcwd()} {sys.stdin.read()!r}"


def hash_of(argument, say):
    return str(hash(argument))


def end_with(argument, say):
    os._exit(int(argument))


# -- over a limit


def sleep_long(argument, say):
    say(str(os.getpid()))
    time.sleep(600)


def hold_the_interpreter(argument, say):
    """In C code that lets no other thread run, and no Python handler of a signal."""
    ctypes.PyDLL(None).sleep(600)


def ignore_the_end(argument, say):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def children_everywhere(argument, say):
    """So many children that ignore SIGTERM, every other one in a session of its own, marked by the argument; then nothing."""
    number, marker = argument.split()
    for child in range(int(number)):
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if child % 2:
                os.setsid()
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", marker])
    say("begun")
    time.sleep(600)


def take_memory(argument, say):
    taken = bytearray(int(argument))  # written to: zeros that nobody touched are not there
    taken[::4096] = b"x" * len(taken[::4096])
    time.sleep(600)


def share_memory(argument, say):
    """Of so many bytes that are there once, in four processes that only look on."""
    taken = bytearray(int(argument))
    taken[::4096] = b"x" * len(taken[::4096])
    children = [_forked(lambda: time.sleep(600)) for _ in range(4)]
    time.sleep(1)
    for child in children:
        os.kill(child, signal.SIGKILL)
    return "unharmed"


def take_memory_in_children(argument, say):
    for _ in range(4):
        _forked(lambda: take_memory(argument, say))
    time.sleep(600)


def _forked(child):
    pid = os.fork()
    if pid == 0:
        child()
        os._exit(0)
    return pid


# -- prints


def print_bytes(argument, say):
    """So many, that can be told apart, on both streams."""
    left = int(argument)
    os.write(1, b"first \x00\x1b[31m\xff")
    block = b"x" * 2**20
    while left > 0:
        left -= os.write(2 if left % 2 else 1, block[:left])
    print("last")
    return str(psutil.Process(os.getppid()).memory_info().rss)


def print_and_crash(argument, say):
    print("just before")
    ctypes.string_at(0)


def own_pid(argument, say):
    return str(os.getpid())


def exit_with(argument, say):
    sys.exit(int(argument))


def kill(argument, say):
    os.kill(int(argument), signal.SIGKILL)
    return ""


def sleep_for(seconds):
    time.sleep(seconds)


def has_imported(argument, say):
    return str(argument in sys.modules)
