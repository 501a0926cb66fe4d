"""What is asked: labelled questions, split once into a pool of shots and a test side."""
