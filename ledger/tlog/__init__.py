"""The transparency log's own terms: tree, signed notes, the key that signs."""
