"""Have a witness sign the newest checkpoint, over HTTP."""

from commands.core.command import Context, Errand, Outcome, argument
from commands.proof.witnesses import Verdict, cosignatures, judged, kept, untrusted
from ledger.errors import Refused
from ledger.transparency.asking import ask_witness
from ledger.transparency.cosigning import Reply, Request
from ledger.transparency.requests import Requests, last_seen

_TRIES = 3


class AskWitness(Errand):
    """attendance witness ask: have a witness sign the newest checkpoint, over HTTP.

    Only hashes are sent. A witness that saw another history says so, and the exit code is 3.
    """

    url: str = argument("where the witness listens, such as https://witness.trust.example")

    def carry_out(self, context: Context) -> Outcome:
        """Ask from the size that it last saw, check the answer and keep it."""
        folder = context.folder.required()
        requests = Requests(folder)
        verdict, reply = _asked(self.url, requests, min(last_seen(folder), requests.size))
        if verdict.alarm:
            does = "Keep the folder as it is, and compare it with the latest back-up."
            return Outcome(None, (verdict.alarm, does), differs=True)
        found = cosignatures(reply.text)
        says = kept(folder, requests.note, found, context.clock())
        if not says:
            raise untrusted(found)
        return Outcome(None, says)


def _asked(url: str, requests: Requests, old: int) -> tuple[Verdict, Reply]:
    """Return the answer; where the witness names another size, ask again from that."""
    for _ in range(_TRIES):
        request: Request = requests.since(old)
        reply = ask_witness(url, request.written)
        verdict = judged(request, reply)
        if verdict.again is None:
            return verdict, reply
        old = verdict.again
    raise Refused(
        "witness-moving", "the witness names another size each time", "ask again in a minute"
    )
