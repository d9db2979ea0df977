"""What tasks do in these tests, in processes of their own."""

import os
import signal
import subprocess
import sys
import threading
import time


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
