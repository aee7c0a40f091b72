"""What is recorded beside a fingerprint: a profile, and MLflow's form of a dataset."""
