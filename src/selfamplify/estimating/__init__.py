"""What a comparison will take, from a short measurement, before it is run."""
