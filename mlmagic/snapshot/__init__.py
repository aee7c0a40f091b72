"""The world around a run: environment, git, randomness, secrets."""
