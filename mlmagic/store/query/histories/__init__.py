"""The histories of metrics: their curves, cut to what a picture shows, and their extremes."""
