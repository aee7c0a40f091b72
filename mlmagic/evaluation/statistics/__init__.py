"""Bootstrap intervals, and the tests that compare two models."""
