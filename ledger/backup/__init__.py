"""A back-up is one file: written, checked and opened without the ledger."""
