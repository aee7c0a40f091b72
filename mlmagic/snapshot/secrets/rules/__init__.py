"""Patterns of secrets that tell themselves: tokens of services, keys, addresses, commands, hashes."""
