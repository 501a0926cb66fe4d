"""Estimators of Shapley values from pairs of complementary coalitions."""
