"""Print the ledger's public key, to be kept by somebody outside."""

from dataclasses import dataclass

from ledger.store.folder import Folder
from ledger.tlog import signing
from ledger.verification.verify import Progress
from projections.queries.question import Answer, Inspection, Lines


@dataclass(frozen=True, kw_only=True)
class ShowKey(Inspection):
    """attendance key show: print the ledger's public key, to be kept by somebody outside.

    A C2SP verifier key: with it anybody can check a checkpoint or a proof.
    """

    def inspect(self, folder: Folder, _progress: Progress) -> Answer:
        """Answer with the public half of the key that signs now."""
        key = signing.load(folder.required().signing_key).verifier
        return Answer({"key": key.vkey, "key_id": key.key_id.hex()}, (), [Lines([key.vkey])])
