"""Every kind of event that the ledger can hold, one module a subject."""
