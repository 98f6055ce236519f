"""What a key file holds, read past the key ring."""


def keys_of(ring) -> dict[tuple[str, str], bytes]:
    rows = ring._db.execute("SELECT subject, purpose, key FROM subject_keys")
    return {(subject, purpose): key for subject, purpose, key in rows}


def named_in(ring) -> dict[str, str]:
    """UPN or local id -> pupil id."""
    return dict(ring._db.execute("SELECT value, pupil FROM identities"))
