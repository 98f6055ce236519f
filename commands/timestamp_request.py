"""attendance timestamp request: write a request for an RFC 3161 timestamp to a file."""

from pathlib import Path

from commands.base import Command, option
from commands.execute import Context, Outcome
from ledger.folder import translated
from ledger.requests import Requests
from ledger.timestamps import asked


class RequestTimestamp(Command):
    """Of the newest checkpoint. Only a hash of it is in the request."""

    out: Path = option("the file for the request (.tsq)")


def carry_out(context: Context, command: RequestTimestamp) -> Outcome:
    """Write the request."""
    requests = Requests(context.folder.required())
    with translated(command.out):
        command.out.write_bytes(asked(requests.note.text).query)
    what = f"a request to timestamp entries 1 to {requests.size} is in {command.out}"
    return Outcome(None, (what, "keep the answer with attendance timestamp take"))
