"""From logits to text: predictions, sampling, answers, evaluation."""
