"""The magics of models in service."""
