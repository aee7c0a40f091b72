"""Whether test data is held out from a version, in whatever form it is given."""
