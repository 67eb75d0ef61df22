"""The steps, the most telling first: nine minutes may be cut."""

from tests.gpu.step import Step


def _step(name: str, limit: float, shows: str) -> Step:
    """It is the function `look` of the module of that name."""
    return Step(name, shows, limit, f"tests.gpu.steps.{name}:look")


STEPS = (
    _step(
        "versions", 40, "what is installed, what a context takes, the kernels that are looked for"
    ),
    _step("updates", 90, "20 steps in each precision; undo, redo, fork, phases, resume"),
    _step("cuda_tests", 90, "the tests that are marked `cuda`"),
    _step("item_attention", 90, "one kernel for all items of a row, compiled, against fp64"),
    _step("memory", 100, "what a loop was said to need, and what it took"),
    _step("bench", 200, "tokens a second and the share of the peak, Qwen3-1.7B's shapes"),
    _step("answers", 60, "an evaluation against one answer at a time"),
    _step("profile", 60, "the kernels of one tuned step, and the gaps between them"),
    _step("syncs", 60, "how often a step waits for the device"),
    _step("out_of_memory", 30, "memory that runs out in a forward pass loses nothing"),
    _step("positions", 30, "a position out of range is a sentence"),
    _step(
        "lost_device", 30, "an assert in a kernel ends what is asked of the device, in a sentence"
    ),
    _step("twice", 60, "the same steps again, to the same bits or how far off"),
)
