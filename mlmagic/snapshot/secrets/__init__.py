"""Secrets: what is one, what is replaced before anything is written, and what is known for one from then on."""
