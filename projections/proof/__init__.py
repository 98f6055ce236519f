"""Verification, proofs of single entries, witnesses."""
