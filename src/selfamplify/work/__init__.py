"""How the items of a stage are worked through: found in a store, or computed by workers, batch by batch."""
