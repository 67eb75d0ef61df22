"""Collects what the benchmarks measured and prints it beside the goals, after the run."""

from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Figure:
    """One line of the summary."""

    what: str
    measured: str
    goal: str


FIGURES = pytest.StashKey[list[Figure]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> list[Figure]:
    return request.config.stash[FIGURES]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = terminalreporter.config.stash[FIGURES]
    if not figures:
        return
    terminalreporter.section("figures")
    for figure in figures:
        terminalreporter.write_line(f"{figure.what:<58} {figure.measured:<46} goal {figure.goal}")
