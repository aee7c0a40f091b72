"""Seeds and generators of random numbers."""
