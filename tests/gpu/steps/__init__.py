"""The steps, the most telling first: nine minutes may be cut."""

from tests.gpu.step import Step

_HERE = "tests.gpu.steps"

STEPS = (
    Step(
        "versions",
        "what is installed, what a context takes, the kernels that the engine uses",
        60,
        f"{_HERE}.versions:look",
    ),
)
