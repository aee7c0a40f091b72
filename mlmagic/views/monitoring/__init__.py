"""The views of drift reports and of models in service."""
