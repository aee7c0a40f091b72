"""The performance of a model in service: by labels where they have arrived, and estimated where they are missing."""
