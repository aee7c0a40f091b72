"""What a model predicts for the rows of checked test data."""
