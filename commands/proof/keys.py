"""The key that signs the ledger's checkpoints, and the one that takes its place."""

from collections.abc import Iterable
from dataclasses import replace

from commands.core.command import (
    Context,
    Decision,
    Errand,
    Outcome,
    State,
    UseCase,
    decided,
    hidden,
)
from commands.core.execute import check_first, execute
from commands.core.ranges import Range, one
from ledger.errors import Incomplete, StorageRefused
from ledger.events import streams
from ledger.events.log import KeyAdopted
from ledger.files import sync_folder, translated
from ledger.store.facts import Fact
from ledger.tlog import signing
from ledger.tlog.note import Signer
from policies.packs.codes import Rules


class RotateKey(UseCase, Errand):
    """attendance key rotate: let a new signing key take the place of the ledger's own.

    The old key signs the new one and is deleted; what it signed stays provable.
    """

    key: str = hidden(default="")
    signature: str = hidden(default="")

    def reads(self, state: State) -> Iterable[Range]:
        """Name who lets it be; ask for the keys that the ledger has had."""
        return state.own_row, one(streams.LEDGER)

    def decide(self, state: State, _rules: Rules, now: int) -> Decision:
        """Record the new public key with the old one's signature, once."""
        state.author(now)
        last = state.histories[streams.LEDGER][-1]
        if isinstance(last, KeyAdopted) and last.key == self.key:
            return decided([], "the new key was recorded before; the old one is deleted now")
        event = KeyAdopted(key=self.key, signature=self.signature)
        says = f"checkpoints are signed by {self.key} from now on; tell whoever pinned the old key"
        return decided([Fact(streams.LEDGER, event)], says)

    def carry_out(self, context: Context) -> Outcome:
        """Make the new key, record it, and only then delete the old one.

        Interrupted in between, both keys sign, and the command can be given again.
        """
        path = context.folder.required().signing_key
        check_first(context, self)
        with context.ledger.turn() as (store, _):
            store.refuse_another_key()
        old = signing.load(path)
        new = _successor(context, old)
        signature = old.hand_over(new.verifier.vkey)
        filled = replace(self, key=new.verifier.vkey, signature=signature)
        outcome = execute(context, filled)
        try:
            with translated(path):
                signing.successor(path).replace(path)
                sync_folder(path.parent)
        except StorageRefused as refused:
            what = f"the old key could not be deleted: {refused.what}"
            remedy = f"{refused.remedy}: attendance key rotate finishes it"
            raise Incomplete(refused.code, what, remedy) from None
        return outcome


def _successor(context: Context, old: Signer) -> Signer:
    place = signing.successor(context.folder.signing_key)
    if signing.is_there(place):
        return signing.load_successor(place, old)
    with translated(place):
        place.unlink(missing_ok=True)
    return signing.create(place, old.name.removeprefix(signing.ORIGIN))
