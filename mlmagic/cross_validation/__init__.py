"""Cross-validation: loops over folds, whose runs are nested in that of the cell."""
