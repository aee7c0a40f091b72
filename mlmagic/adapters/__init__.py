"""One small module for each optional library."""
