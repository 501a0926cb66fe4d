"""Coalition games: what perturbation and gradient methods evaluate, and how a coalition is valued."""
