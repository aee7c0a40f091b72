"""Writing a model as MLflow keeps it, and checking that what was written predicts the same."""
