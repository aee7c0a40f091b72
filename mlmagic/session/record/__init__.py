"""What is recorded of each executed cell besides its source, so that it can be run again and compared."""
