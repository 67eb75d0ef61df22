"""Cases of which the first proves a behaviour, and the others prove it again."""

import pytest
from _pytest.mark.structures import ParameterSet


def first_is_quick(*cases: object) -> list[object]:
    """Values for `parametrize`: the first for `make test`, the others for `make test-all`.

    A tuple stands for one value, as a size or keys; where a test has several give `pytest.param`s.
    """
    return [cases[0], *(_at_length(case) for case in cases[1:])]


def _at_length(case: object) -> ParameterSet:
    if isinstance(case, ParameterSet):
        return pytest.param(*case.values, marks=pytest.mark.long, id=case.id)
    return pytest.param(case, marks=pytest.mark.long)
