"""The program in this process, as the tests of commands have it."""

from tests.headless.conftest import program

__all__ = ["program"]
