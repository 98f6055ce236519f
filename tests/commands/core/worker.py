"""A process that carries out commands that it is given, pickled, and writes the answers.

``worker.py LEDGER STAFF_ID NOW``: it waits for a line after it has loaded everything.
"""

import pickle
import sys
from pathlib import Path

from commands.core.command import Context
from commands.penalties.undercut import watch
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator
from tests.commands.core.side_by_side import carried_out


def main(path: str, staff_id: str, now: str) -> None:
    """Say that it is ready, read the commands, answer them all."""
    sys.stdout.buffer.write(b"ready\n")
    sys.stdout.flush()
    commands = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the test that started this
    with Ledger(Folder(Path(path))) as ledger:
        context = Context(ledger, lambda: int(now), Operator(staff_id, "office"), watch)
        pickle.dump([carried_out(context, each) for each in commands], sys.stdout.buffer)


if __name__ == "__main__":
    main(*sys.argv[1:])
