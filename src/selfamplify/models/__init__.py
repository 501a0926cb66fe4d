"""Who answers: the interfaces to a model, and the models that run here, behind a server, or as replicas."""
