"""The line of status: as much as there is room for."""

from dataclasses import replace

from tests.fake_engine import MODEL
from tui_trainer.reports.models import DeviceUse, LearnerStatus
from tui_trainer.widgets.header_line import describe_header
from tui_trainer.widgets.status_line import Standing, describe_status, in_colour

GB = 10**9


def test_how_full_a_gpu_is_goes_before_anything_else() -> None:
    model = replace(MODEL, name="qwen", parameters=1_720_000_000, device="cuda:1", precision="fp32")
    use = DeviceUse(27 * GB, 85 * GB, 24 * GB, 3 * GB, 0.97)
    status = LearnerStatus(model, 2, 1e-5, "AdamW", True, unsaved=1, device_use=use)
    placed = "qwen 1.72B · cuda:1 fp32 (TF32 off)"
    state, unsaved = "2 updates from loaded", "▲ unsaved: 1 update"
    assert describe_status(status) == (
        f"{placed} · 27 of 85 GB, others 3.0, 97% busy · {state}, R reloads · {unsaved}",
        f"{placed} · 27 of 85 GB, others 3.0, 97% busy · {state} · {unsaved}",
        f"{placed} · 27 of 85 GB, others 3.0 · {state}, R reloads · {unsaved}",
        f"{placed} · 27 of 85 GB, others 3.0 · {state} · {unsaved}",
        f"{placed} · 27 of 85 GB · {state}, R reloads · {unsaved}",
        f"{placed} · 27 of 85 GB · {state} · {unsaved}",
        f"{placed} · {state}, R reloads · {unsaved}",
        f"{placed} · {state} · {unsaved}",
        f"qwen 1.72B · {state} · {unsaved}",
        f"qwen 1.72B · {unsaved}",
    )


def test_on_a_cpu_the_line_is_what_it_was() -> None:
    model = replace(MODEL, name="qwen", parameters=4_000, device="cpu", precision="fp32")
    status = LearnerStatus(model, 0, 1e-5, "AdamW", True)
    assert describe_status(status) == ("qwen 4K · cpu fp32 · as loaded", "qwen 4K · as loaded")
    assert describe_status(replace(status, updates=3)) == (
        "qwen 4K · cpu fp32 · 3 updates from loaded, R reloads",
        "qwen 4K · cpu fp32 · 3 updates from loaded",
        "qwen 4K · 3 updates from loaded",
    )


def test_the_top_row_tells_in_full_first_and_what_happens_last() -> None:
    model = replace(MODEL, name="qwen", parameters=1_720_000_000, device="cuda:1", precision="fp32")
    use = DeviceUse(27 * GB, 85 * GB, 24 * GB, 3 * GB, 0.97)
    status = LearnerStatus(model, 2, 1e-5, "AdamW", True, unsaved=1, device_use=use)
    runs = "▶ GSM8K running 312/500"
    lines = describe_header(Standing(status, loops=runs))
    assert lines[0].startswith("qwen 1.72B · cuda:1 fp32 (TF32 off) · 27 of 85 GB, others 3.0")
    assert all(line.endswith(f"{runs} · ▲ unsaved 1") for line in lines)
    assert lines[-2:] == (f"qwen 1.72B · {runs} · ▲ unsaved 1", f"{runs} · ▲ unsaved 1")
    assert describe_header(Standing(doing="Loading", seconds=1.5)) == (
        "no model yet · ⠹ Loading 1.5 s",
    )


def test_the_top_row_that_has_no_room_for_what_waits_still_warns() -> None:
    status = LearnerStatus(MODEL, 2, 1e-5, "AdamW", True, unsaved=3)
    standing = Standing(status, doing="Updating", seconds=5.3, waiting="Updating, Measuring")
    *_, before, last = describe_header(standing)
    assert before == "⠹ Updating 5.3 s, then Updating, Measuring · ▲ unsaved 3"
    assert last == "⠹ Updating 5.3 s · ▲ unsaved 3"


def test_of_two_loops_the_top_row_says_less_before_it_cuts_one() -> None:
    status = LearnerStatus(MODEL, 2, 1e-5, "AdamW", True, unsaved=3)
    full, brief = (
        "⏸ GSM8K paused 10/500 · ▶ Evaluation running 3/9",
        "⏸ GSM8K 10/500 · ▶ Evaluation 3/9",
    )
    lines = describe_header(Standing(status, loops=full, brief=brief))
    assert lines[-2:] == (f"{full} · ▲ unsaved 3", f"{brief} · ▲ unsaved 3")


def test_what_runs_and_what_is_unsaved_have_their_colour_beside_their_words() -> None:
    for line, words, style in (
        ("qwen 1.72B · ▶ GSM8K running 3/9 · ▲ unsaved 1,002", "▲ unsaved 1,002", "$attention"),
        ("as loaded · ▲ unsaved: 1 update  ▶ GSM8K running", "▲ unsaved: 1 update", "$attention"),
        ("qwen 1.72B · ▶ GSM8K running 3/9", "▶ GSM8K", "$better"),
        ("⏸ GSM8K paused 3/9", "⏸ GSM8K", "$attention"),
    ):
        content = in_colour(line)
        assert content.plain == line
        spans = [(line[span.start : span.end], span.style) for span in content.spans]
        assert (words, style) in spans
