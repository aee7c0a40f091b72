"""Patterns of secrets that need no name: tokens of services, keys, URLs, commands, hashes."""
