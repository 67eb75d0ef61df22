"""Every key of Loss, by what it does; those of the footer with their place there."""

from tui_trainer.widgets.keys import MOVE, key

FAR = 1_000_000
LOGIT, CLASS, EXAMPLE, LOOK = "The logit", "The class", "Examples", "Look"
KEYS = (
    key(
        "minus",
        "change(-1)",
        "lower",
        "Logit less 1",
        LOGIT,
        main=1,
        pair="logit",
        drawn="-",
        id="down",
    ),
    key(
        "plus",
        "change(1)",
        "raise",
        "Logit plus 1",
        LOGIT,
        main=1,
        pair="logit",
        drawn="+",
        id="up",
    ),
    key("equals_sign", "change(1)", "raise", "Logit plus 1", LOGIT, id="up-too", system=True),
    key("left", "change(-0.1)", "lower little", "Logit less 0.1", LOGIT, id="less"),
    key("right", "change(0.1)", "raise little", "Logit plus 0.1", LOGIT, id="more"),
    key("enter", "type_logit", "type", "Type the logit of this class", LOGIT, main=3),
    key("v", "type_all", "type all", "Type all logits, as many as you like", LOGIT, main=8),
    key("space", "label", "label", "This class is right", CLASS, main=2),
    key("a", "add", "add", "Add a class with logit 0", CLASS, main=4),
    key("d", "remove", "remove", "Remove this class", CLASS, main=5),
    key("delete", "remove", "remove", "Remove this class", CLASS, id="remove-too", system=True),
    key("e", "example", "example", "The next example", EXAMPLE, main=6),
    key(
        "f",
        "from_predict",
        "from Predict",
        "The logits of the position that is opened on Predict",
        EXAMPLE,
        main=7,
    ),
    key("y", "log", "log axis", "Logarithmic axis of p", LOOK, main=9),
    key("up", "move(-1)", "class above", "The class above", MOVE, id="above"),
    key("down", "move(1)", "class below", "The class below", MOVE, id="below"),
    key("home,pageup", f"move(-{FAR})", "first class", "The first class", MOVE, id="first-class"),
    key("end,pagedown", f"move({FAR})", "last class", "The last class", MOVE, id="last-class"),
)
OF_LOGITS = frozenset(binding.id for binding in KEYS)
"""What the footer leaves out while the curve has the focus."""
