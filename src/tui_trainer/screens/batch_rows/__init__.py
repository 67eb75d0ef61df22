"""The rows of a batch as the model gets them, over GSM8K and Tokens."""
