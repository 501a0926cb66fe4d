"""The proxy model of AMPLIFY: a small encoder, fine-tuned on training questions, that ranks others and explains them."""
