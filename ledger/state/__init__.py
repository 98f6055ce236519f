"""What decisions are made over: folds of streams."""
