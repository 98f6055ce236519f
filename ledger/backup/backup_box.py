"""Wrapping the keys of a back-up: a passphrase, stretched by scrypt, and AES-256-GCM."""

import secrets
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger.errors import Refused

_KEY_BYTES = 32
_NONCE = 12
_SALT = 16
_COST = 2**17
_MOST = 2**20
"""The cost is written in the file, which may be anybody's: more than 1 GiB is not spent on it."""


class Stretching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the passphrase becomes a key; needs 128 x n x r bytes of memory."""

    salt: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    n: Annotated[int, msgspec.Meta(ge=_COST, le=_MOST)] = _COST
    r: Annotated[int, msgspec.Meta(ge=8, le=8)] = 8
    p: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

    def key(self, passphrase: str) -> bytes:
        """Return the key of a passphrase."""
        salt = bytes.fromhex(self.salt)
        try:
            kdf = Scrypt(salt, _KEY_BYTES, self.n, self.r, self.p)
            return kdf.derive(passphrase.encode(errors="surrogateescape"))
        except (ValueError, MemoryError) as error:
            what = f"the back-up's keys are not wrapped as they should be: {error}"
            raise Refused("backup-damaged", what, "take another copy of the back-up") from None


def fresh() -> Stretching:
    """Return the way for a new back-up, with a random salt."""
    return Stretching(secrets.token_hex(_SALT))


def wrapped(key: bytes, secret: bytes, bound_to: bytes) -> bytes:
    """Return a secret encrypted: nonce, then the box, bound to what it belongs to."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret, bound_to)


def unwrapped(key: bytes, box: bytes, bound_to: bytes) -> bytes:
    """Return the secret, or refuse a wrong passphrase."""
    try:
        return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], bound_to)
    except (InvalidTag, ValueError):
        what = "the passphrase does not open the keys of this back-up"
        raise Refused("passphrase-wrong", what, "try the one it was made with") from None
