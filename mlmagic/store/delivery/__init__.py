"""From the journal to the store: the thread that delivers, batches, files, and what dead processes left."""
