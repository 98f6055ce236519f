"""Runs a command and prints what it took, as JSON: `python -IS child.py COMMAND ...`.

A process of its own, since a child's peak memory begins at that of whoever starts it, and this is
as small as Python gets.
"""

import os
import sys
import time


def main() -> None:
    """Run the command with its output thrown away; print seconds, CPU seconds, MB and status."""
    away = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    begun = time.perf_counter()
    child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=away)
    _, status, usage = os.wait4(child, 0)
    seconds, cpu = time.perf_counter() - begun, usage.ru_utime + usage.ru_stime
    sys.stdout.write(
        f"[{seconds}, {cpu}, {usage.ru_maxrss / 1024}, {os.waitstatus_to_exitcode(status)}]\n"
    )


if __name__ == "__main__":
    main()
