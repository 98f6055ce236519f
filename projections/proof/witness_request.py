"""Write a request to a witness, to be sent as a file."""

from dataclasses import dataclass
from pathlib import Path

from ledger.store.folder import Folder
from ledger.transparency.requests import Requests, last_seen
from ledger.verification.verify import Progress
from projections.queries.question import Answer, Inspection, Lines, Page, option


@dataclass(frozen=True, kw_only=True)
class RequestWitness(Inspection):
    """attendance witness request: write a request to a witness, to be sent as a file.

    Only hashes are in it. The witness answers with attendance witness sign.
    """

    since: int | None = option("how many entries it saw last [as kept here]", minimum=0)
    out: Path | None = option("write the request to this file")

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Answer with the request for the newest checkpoint."""
        requests = Requests(folder.required())
        old = last_seen(folder) if self.since is None else self.since
        request = requests.since(old)
        document = {"old": old, "size": requests.size, "request": request.written}
        if self.out is None:
            return Answer(document, (), [Lines(request.written.rstrip("\n").split("\n"))])
        says = f"a request to sign entries 1 to {requests.size}, for a witness that last saw {old}"
        return Answer(document, (), [Lines([says])], pages=[Page(self.out, request.written)])
