"""A witness that a ledger trusts, and what it signed of it."""

from contextlib import closing

from commands.core.command import Context
from commands.core.execute import execute
from commands.proof.witnesses import TrustWitness
from ledger.store.store import Store
from tests.ledger.outsiders import NOON, WITNESS


def witnessed(context: Context) -> int:
    """Trust a witness, which signs the newest checkpoint; return its number of entries."""
    execute(context, TrustWitness(key=WITNESS.verifier.vkey))
    with closing(Store(context.folder.log)) as store:
        line = WITNESS.sign(store.checkpoint().text, NOON)
        store.keep_cosignature(store.head(), line, WITNESS.verifier)
        return store.head()
