"""Experiments on real small models; docs/real-models.md has their dated results."""
