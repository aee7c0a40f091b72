"""The rows of monitored models, read back from the store and from batches that are not there yet."""
