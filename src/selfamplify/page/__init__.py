"""The page of a run folder: one HTML file that holds everything, made without a model."""
