"""Anomalies in a stream of numbers: `detector` is the public class, the other modules say what is usual."""
