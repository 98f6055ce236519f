"""What leaves the ledger for other systems, one file a format."""
