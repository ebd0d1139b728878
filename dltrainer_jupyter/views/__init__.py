"""What a watcher reads: the store's rows, decimated and put together for the eye. Writes nothing."""
