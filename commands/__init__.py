"""The write side: use cases by topic, and `execute`, the only writer."""
