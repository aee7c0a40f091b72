"""Models: which objects are fitted models, their parameters, and logging them as MLflow models."""
