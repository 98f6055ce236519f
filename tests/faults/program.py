"""The command line, loaded once; each line of its input is a command, which a fork carries out.

The fork stops itself before it begins, so that strace can be attached to it: its system calls are
then the command's own, and none is of Python's start-up.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys

import cli
import commands
import ledger
import projections


def load() -> None:
    """Import everything that a command imports when it is carried out."""
    for package in (ledger, commands, projections):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def become(asked: dict) -> None:
    """Be the process of a command: its arguments, its environment, its output in files."""
    sys.argv = ["attendance", *asked["arguments"]]
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for place, name in enumerate(asked["says"], start=1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), place)
    if asked["stops"]:
        os.kill(os.getpid(), signal.SIGSTOP)


def serve() -> bool:
    """Answer every line with a process id and, later, an exit code; true in the fork."""
    say("ready")
    while line := sys.stdin.readline():
        pid = os.fork()
        if not pid:
            become(json.loads(line))
            return True
        say(pid)
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return False


def carry_out() -> None:
    """Run the command line, and end at once: to take everything loaded apart takes long."""
    try:
        cli.main()
    except SystemExit as ended:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(ended.code or 0))


if __name__ == "__main__":
    load()
    gc.freeze()
    if serve():
        carry_out()
