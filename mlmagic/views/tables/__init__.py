"""Tables of runs and of registered models: DataFrames with a view of their own."""
