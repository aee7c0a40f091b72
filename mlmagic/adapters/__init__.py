"""Adapters to optional libraries, one small module for each."""
