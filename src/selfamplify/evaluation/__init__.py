"""How good a prompt or an explanation is, and how far the number can be trusted."""
