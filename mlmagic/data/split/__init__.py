"""Split data into train, val and test, and look for leakage between them."""
