"""What a model in service is asked and answers, on disk before the answer is returned."""
