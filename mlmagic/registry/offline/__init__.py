"""Registering a model while the store is away.

`registering_later` decides whether it is done now, `known_runs` finds the run without the store, `waiting` writes into
its journal, and `delivering` carries it out. A promotion is not recorded: `promoting_later` says so.
"""
