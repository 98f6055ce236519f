"""Record a witness whose signatures count."""

from collections.abc import Iterable
from typing import Self, TextIO

from commands.core.command import Decision, Range, State, UseCase, argument, decided, one
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.proof import WitnessDropped, WitnessTrusted
from ledger.store.store import Fact
from ledger.tlog.note import COSIGNATURE
from ledger.transparency.keyfiles import read_keys
from policies.packs.rules import Rules


class TrustWitness(UseCase):
    """attendance witness trust: record a witness whose signatures count.

    Somebody outside the school: a trust, a governor, an authority.
    """

    key: str = argument("the public key that the witness gave, or its file")

    def load(self, _stdin: TextIO) -> Self:
        """Read the key's file, where one is named."""
        keys = read_keys(self.key, COSIGNATURE)
        if len(keys) > 1:
            raise Refused("keys-many", f"{self.key} holds {len(keys)} keys", "give one at a time")
        return self.model_copy(update={"key": keys[0].vkey})

    def reads(self, _state: State) -> Iterable[Range]:
        """Look at whom the school trusted and dropped."""
        return [one(streams.WITNESSES)]

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the key with who decided to trust it."""
        staff_id, name, job_title = state.author(now)
        key = read_keys(self.key, COSIGNATURE)[0]
        if key.vkey in standing(state):
            return decided([], f"{key.name} is trusted already; nothing was recorded")
        event = WitnessTrusted(key=key.vkey, by=staff_id, name=name, job_title=job_title)
        return decided([Fact(streams.WITNESSES, event)], f"the signatures of {key.name} count")


def standing(state: State) -> list[str]:
    """Return the keys that are trusted now."""
    told = state.histories.get(streams.WITNESSES, ())
    found = {e.key: e for e in told if isinstance(e, WitnessTrusted | WitnessDropped)}
    return [key for key, last in found.items() if isinstance(last, WitnessTrusted)]
