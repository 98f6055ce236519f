"""Sign the checkpoints of ledgers over HTTP, until Ctrl-C."""

import sys
from pathlib import Path

from commands.core.command import Context, Errand, Outcome, option
from commands.proof.witness_sign import opened
from ledger.transparency.witness_service import Service


class ServeWitness(Errand):
    """attendance witness serve: sign the checkpoints of ledgers over HTTP, until Ctrl-C.

    For a trust, a governor or an authority: C2SP tlog-witness, POST /add-checkpoint.
    """

    key: Path = option("the witness's private key")
    state: Path = option("the folder that remembers what was signed")
    trust: tuple[str, ...] = option("the public key of a ledger it looks at, or a file of keys")
    listen: str = option("where to listen, HOST:PORT [127.0.0.1:8339]", default="127.0.0.1:8339")

    def carry_out(self, context: Context) -> Outcome:
        """Serve; every signature was kept before it was given."""
        witness = opened(self.key, self.state, self.trust)
        Service(witness, self.listen, context.clock, sys.stderr).run()
        return Outcome(None, ())
