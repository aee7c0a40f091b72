"""MLflow's side: the connection to a store, its limits and outages, and what its files and names may be."""
