"""Views of a sweep: its progress, its picture, and the frame that it returns."""
