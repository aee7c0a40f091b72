"""Follows the store while a comparison is open: a thread that reads what changed and sends it to the browser."""
