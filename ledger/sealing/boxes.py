"""Sealed texts: how one is written, made and opened. Nobody else knows the cryptography.

A sealed field reads ``~subject/purpose.box.commitment``: AES-256-GCM under a key derived from
the subject's key for that purpose and the box's own nonce, so that one box can later be put
beyond use without the others; and a SHA-256 commitment to salt and text, whose salt is inside
the box and dies with the key.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple

KEY_BYTES = 32
_NONCE = 12
_SALT = 16


class Box(NamedTuple):
    """The pieces of a sealed text."""

    subject: str
    purpose: str
    nonce: bytes
    ciphertext: bytes
    commitment: bytes


def is_sealed(text: str) -> bool:
    """Tell whether a stored text has the form of a sealed one."""
    return text.startswith("~") and text.count(".") >= 2  # noqa: PLR2004 - box and commitment


def parse_box(text: str) -> Box:
    """Split a sealed text into its pieces."""
    reference, box, commitment = text[1:].rsplit(".", 2)
    subject, _, purpose = reference.rpartition("/")
    raw = _unbase64(box)
    return Box(subject, purpose, raw[:_NONCE], raw[_NONCE:], _unbase64(commitment))


def box_key(subject_key: bytes, nonce: bytes) -> bytes:
    """Return the key of one box: HMAC-SHA-256 of its nonce under the subject's key."""
    return hmac.digest(subject_key, nonce, "sha256")


def sealed(text: str, subject: str, purpose: str, subject_key: bytes) -> str:
    """Return a text as sealed under the subject's key for a purpose."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - start-up

    reference = f"{subject}/{purpose}"
    salted = secrets.token_bytes(_SALT) + text.encode()
    nonce = secrets.token_bytes(_NONCE)
    cipher = AESGCM(box_key(subject_key, nonce))
    box = nonce + cipher.encrypt(nonce, salted, reference.encode())
    return f"~{reference}.{_base64(box)}.{_base64(sha256(salted).digest())}"


def opened(box: Box, key: bytes) -> str | None:
    """Return the text of a box under its own key.

    None where the key does not open it, or where its commitment is to another text.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - start-up

    reference = f"{box.subject}/{box.purpose}"
    try:
        salted = AESGCM(key).decrypt(box.nonce, box.ciphertext, reference.encode())
    except (InvalidTag, ValueError):
        return None
    return salted[_SALT:].decode() if sha256(salted).digest() == box.commitment else None


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
