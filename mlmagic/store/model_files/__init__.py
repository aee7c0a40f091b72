"""The files of MLflow models: whose they are, what they need, and loading them."""
