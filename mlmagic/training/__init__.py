"""Tools for training loops: progress bars that set the step of logged metrics, live curves, and early stopping."""
