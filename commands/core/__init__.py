"""What every use case is made of, and the only writer."""
