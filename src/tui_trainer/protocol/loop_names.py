"""The worker's loops: one of each name at a time, and what a person reads of it."""

GSM8K, STEP, PREDICT, EVALUATION, BENCH = "gsm8k", "step", "predict", "evaluation", "bench"
LOOP_TITLES = {
    GSM8K: "GSM8K",
    STEP: "Step",
    PREDICT: "Predict",
    EVALUATION: "Evaluation",
    BENCH: "Bench",
}
TRAINING_LOOPS = GSM8K, STEP  # the others leave the weights as they are


def starting(name: str) -> str:
    """What is told while the loop of that name begins."""
    return f"Starting {LOOP_TITLES[name]}"
