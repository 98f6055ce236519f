"""The read side: disposable read models over the log, and the questions they answer."""
