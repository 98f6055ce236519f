"""Tables and grid: disposable, brought up to the log by one loop."""
