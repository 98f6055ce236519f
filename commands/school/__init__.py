"""The school, its ledger and its staff."""
