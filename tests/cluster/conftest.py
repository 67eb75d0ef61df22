"""The tiny model that a job trains."""

from tests.headless.conftest import tiny

__all__ = ["tiny"]
