"""Sign the checkpoint in a request that was sent as a file."""

from collections.abc import Sequence
from pathlib import Path

from commands.core.command import Context, Errand, Outcome, argument, option
from commands.proof.witnesses import judged
from ledger.clock import SECOND
from ledger.errors import Refused
from ledger.store.folder import translated
from ledger.tlog import signing
from ledger.tlog.note import ED25519
from ledger.transparency.cosigning import Witness, read_request
from ledger.transparency.keyfiles import read_keys


class SignRequest(Errand):
    """attendance witness sign: sign the checkpoint in a request that was sent as a file.

    For a trust, a governor or an authority that does not serve HTTP.
    """

    request: Path = argument("the file that attendance witness request wrote")
    key: Path = option("the witness's private key")
    state: Path = option("the folder that remembers what was signed")
    trust: tuple[str, ...] = option("the public key of a ledger it looks at, or a file of keys")
    out: Path | None = option("write the answer to this file, for the school", default=None)

    def carry_out(self, context: Context) -> Outcome:
        """Sign, or tell that the request is of another history than the one last seen."""
        witness = opened(self.key, self.state, self.trust)
        with translated(self.request):
            body = self.request.read_bytes()
        request = read_request(body)
        reply = witness.add(body, context.clock() // SECOND)
        verdict = judged(request, reply)
        if verdict.again is not None:
            raise Refused(
                "witness-size",
                f"this witness last saw {verdict.again} entries, "
                f"the request continues {request.old}",
                f"have it made with attendance witness request --since {verdict.again}",
            )
        if verdict.alarm:
            return Outcome(None, (verdict.alarm, "it was not signed: keep the file"), differs=True)
        if self.out is None:
            return Outcome(None, (reply.text.rstrip("\n"),))
        with translated(self.out):
            self.out.write_text(reply.text, encoding="utf-8")
        says = f"signed: entries 1 to {request.checkpoint.size} of {request.checkpoint.origin}"
        return Outcome(None, (says, f"the answer is in {self.out}"))


def opened(key: Path, state: Path, trust: Sequence[str]) -> Witness:
    """Return the witness with a key, or refuse."""
    logs = [each for given in trust for each in read_keys(given, ED25519)]
    return Witness(signing.load_witness(key), logs, state)
