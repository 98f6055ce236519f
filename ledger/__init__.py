"""The ledger: values, events, streams, sealing and the store that keeps them."""

__version__ = "0.1.0"
