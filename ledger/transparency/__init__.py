"""Proofs, witnesses, timestamps and this computer's memory."""
