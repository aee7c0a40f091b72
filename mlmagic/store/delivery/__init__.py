"""Deliver journals to the store: worker threads, batches, uploads, and runs left by dead processes."""
