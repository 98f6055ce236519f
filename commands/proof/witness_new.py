"""Make the key of a witness, who signs what it sees of a ledger."""

from pathlib import Path

from commands.core.command import Context, Errand, Outcome, argument, option
from ledger.errors import Refused
from ledger.tlog import signing


class NewWitness(Errand):
    """attendance witness new: make the key of a witness, who signs what it sees of a ledger.

    For a trust, a governor or an authority: the school trusts the public key printed.
    """

    name: str = argument("the name it signs with, such as trust.example/w1")
    out: Path = option("the file for the private key, readable by its owner only")

    def carry_out(self, _context: Context) -> Outcome:
        """Write the private key and print the public one; no ledger is needed."""
        if not self.name.isprintable():
            raise Refused("key-name", f"{self.name!r} cannot name a key", "use letters and digits")
        made = signing.create_witness(self.out, self.name)
        kept = f"# the private key is in {self.out}; give the line above to the school"
        return Outcome(None, (made.verifier.vkey, kept))
