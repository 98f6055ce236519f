"""Public keys as somebody hands them over: a line of text, or a file of such lines."""

from pathlib import Path

from ledger.errors import Refused
from ledger.store.folder import translated
from ledger.tlog.note import COSIGNATURE, ED25519, Verifier, read_verifier

_KINDS = {ED25519: "a ledger (attendance key show)", COSIGNATURE: "a witness (witness new)"}


def read_keys(given: str, kind: bytes) -> list[Verifier]:
    """Return the keys of a text or of the file that it names; refuse those of another kind.

    In a file, empty lines and those that begin with ``#`` are skipped.
    """
    path, lines = Path(given), [given]
    with translated(path):
        if "\n" not in given and path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    found = [read_verifier(line) for line in lines if line.strip() and line[0] != "#"]
    if not found:
        raise Refused("key-missing", f"no key is in {given}", "give the file of a public key")
    for key in found:
        if key.kind != kind:
            what = f"{key.name} is the key of {_KINDS[key.kind]}, not of {_KINDS[kind]}"
            raise Refused("key-kind", what, "ask for the other key")
    return found
