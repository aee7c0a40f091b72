"""A sweep: while it runs, its picture, and the frame that it returns."""
