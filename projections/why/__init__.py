"""What made a figure differ: causes that add up."""
