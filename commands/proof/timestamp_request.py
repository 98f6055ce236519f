"""Write a request for an RFC 3161 timestamp to a file."""

from pathlib import Path

from commands.core.command import Context, Errand, Outcome, option
from ledger.store.folder import translated
from ledger.transparency.requests import Requests
from ledger.transparency.timestamps import asked


class RequestTimestamp(Errand):
    """attendance timestamp request: write a request for an RFC 3161 timestamp to a file.

    Of the newest checkpoint. Only a hash of it is in the request.
    """

    out: Path = option("the file for the request (.tsq)")

    def carry_out(self, context: Context) -> Outcome:
        """Write the request."""
        requests = Requests(context.folder.required())
        with translated(self.out):
            self.out.write_bytes(asked(requests.note.text).query)
        what = f"a request to timestamp entries 1 to {requests.size} is in {self.out}"
        return Outcome(None, (what, "keep the answer with attendance timestamp take"))
