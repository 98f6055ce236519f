"""attendance witness new: make the key of a witness, who signs what it sees of a ledger."""

from pathlib import Path

from commands.base import Command, argument, option
from commands.execute import Context, Outcome
from ledger import signing
from ledger.errors import Refused


class NewWitness(Command):
    """For a trust, a governor or an authority: the school trusts the public key printed."""

    name: str = argument("the name it signs with, such as trust.example/w1")
    out: Path = option("the file for the private key, readable by its owner only")


def carry_out(_context: Context, command: NewWitness) -> Outcome:
    """Write the private key and print the public one; no ledger is needed."""
    if not command.name.isprintable():
        raise Refused("key-name", f"{command.name!r} cannot name a key", "use letters and digits")
    made = signing.create_witness(command.out, command.name)
    kept = f"# the private key is in {command.out}; give the line above to the school"
    return Outcome(None, (made.verifier.vkey, kept))
