"""The frame of the steps for a device: what fails, hangs or crashes in one is that one's alone."""

import json
from pathlib import Path

import pytest

from tests.gpu import __main__ as script
from tests.gpu.process import ON_A_CPU
from tests.gpu.step import Place, Step
from tests.gpu.steps import STEPS

LIMIT = 20.0
WHY = {
    "passes": None,
    "misses": None,
    "raises": "ValueError: no such thing",
    "hangs": "it was ended after its limit of 1 s",
    "crashes": "its process was ended by SIGABRT",
    "checks_nothing": "it checked nothing",
    "cannot_tell": "not on a cpu",
}
PASSED = {"passes": True, "cannot_tell": None}


def planted(name: str) -> Step:
    limit = 1 / ON_A_CPU if name == "hangs" else LIMIT
    return Step(name, "", limit, f"tests.gpu.planted:{name}")


def lines_of(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / script.LINES).read_text().splitlines()]


def test_each_step_is_judged_by_itself_and_the_rest_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    place = Place("cpu", small=True, folder=tmp_path)
    outcomes = script.run_steps([planted(name) for name in WHY], place, 60)
    lines = lines_of(tmp_path)
    assert [line["step"] for line in lines] == list(WHY)
    assert {line["step"]: line["why"] for line in lines} == WHY
    assert {line["step"]: line["passed"] for line in lines} == {
        n: PASSED.get(n, False) for n in WHY
    }
    # What a step had found before it was ended stays.
    found = {outcome.step: len(outcome.criteria) for outcome in outcomes}
    assert found == {**dict.fromkeys(WHY, 1), "passes": 2, "misses": 2, "checks_nothing": 0}
    assert lines[0]["figures"] == {"answer": {"is": 42, "was": "nan"}}
    assert "an assert of the device" in (tmp_path / "crashes.log").read_text()
    assert "and more" in (tmp_path / "raises.log").read_text()
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "hangs           FAILED" in shown.err
    assert not list(tmp_path.glob("*.record"))
    assert has_ended(int((tmp_path / "beside").read_text()))


def has_ended(pid: int) -> bool:
    """Also where nobody has heard of it: the first process of a container may not look."""
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_step_that_no_time_is_left_for_has_failed(tmp_path: Path) -> None:
    outcomes = script.run_steps(
        [planted("hangs"), planted("passes")], Place("cpu", small=True, folder=tmp_path), 0.5
    )
    assert [outcome.passed for outcome in outcomes] == [False, False]
    assert outcomes[1].why == "no time was left for it"
    assert outcomes[0].why == "it was ended after its limit of 0.5 s"


@pytest.mark.parametrize(("name", "status"), [("cannot_tell", 0), ("misses", 1)])
def test_the_status_is_0_where_every_criterion_holds(
    name: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "STEPS", [planted(name)])
    assert script.main(["--device", "cpu", "--small", "--out", str(tmp_path / "new")]) == status
    assert len(lines_of(tmp_path / "new")) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--device", "cpu"], "give --small too"),
        (["--device", "cpu", "--small", "--only", "nothing"], "there is no step nothing"),
        (["--device", "cuda"], "there is no CUDA device"),
    ],
)
def test_wrong_usage_is_a_sentence_and_status_2(
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(script, "has_cuda", lambda: False)
    with pytest.raises(SystemExit) as ended:
        script.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_list_names_every_step_and_takes_no_torch(capsys: pytest.CaptureFixture[str]) -> None:
    assert script.main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [step.name for step in STEPS]
