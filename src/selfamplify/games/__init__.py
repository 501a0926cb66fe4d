"""Coalition games: what a perturbation or gradient method plays, and what a coalition is worth."""
