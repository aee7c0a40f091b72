"""One trial, apart from the notebook and from other trials, in whatever process."""
