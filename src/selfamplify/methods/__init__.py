"""Self-AMPLIFY and its competitors: an n-shot sample in, a prompt out."""
