"""The write side: one file a use case, and `execute`, the only writer."""
