"""Models in service: drift of data, records of predictions, performance, anomalies and alerts."""
