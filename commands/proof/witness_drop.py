"""Record that a witness's later signatures do not count."""

from collections.abc import Iterable

from commands.core.command import Decision, Range, State, UseCase, argument, decided, one
from commands.proof.witness_trust import standing
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.proof import WitnessDropped
from ledger.store.store import Fact
from ledger.tlog.note import read_verifier
from policies.packs.rules import Rules


class DropWitness(UseCase):
    """attendance witness drop: record that a witness's later signatures do not count.

    What it signed of the ledger as it was before goes on counting.
    """

    witness: str = argument("its name, the id of its key, or the key")

    def reads(self, _state: State) -> Iterable[Range]:
        """Look at whom the school trusted and dropped."""
        yield one(streams.WITNESSES)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the drop with who decided it."""
        staff_id, author, job_title = state.author(now)
        known = [read_verifier(key) for key in standing(state)]
        named = [key for key in known if self.witness in (key.name, key.key_id.hex(), key.vkey)]
        if len(named) != 1:
            several = "several trusted witnesses are" if named else "no trusted witness is"
            raise Refused(
                "witness-unknown",
                f"{several} called {self.witness!r}",
                "attendance witness lists them; give the id of the key",
            )
        key = named[0]
        event = WitnessDropped(key=key.vkey, by=staff_id, name=author, job_title=job_title)
        says = f"the signatures of {key.name} do not count from here on"
        return decided([Fact(streams.WITNESSES, event)], says)
