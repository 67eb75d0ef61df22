"""The part of an export that was done on Step: the training cell, whole or phase by phase."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from tui_trainer.engine.export.template import Code, render, text_literal
from tui_trainer.reports.actions import UPDATE, Action
from tui_trainer.reports.phases import BACKWARD, FORWARD, LOSS, PHASES, STEP, ZERO_GRAD

CELL = '''
def update(text):
    """The training cell; prints the loss before the update."""
    input_ids = tokenizer(text, return_tensors="pt").input_ids.to(DEVICE)  # [1, position]
    input_ids = input_ids[:, :-APPENDED]                                    #: appends
    with torch.autocast(model.device.type, dtype=torch.bfloat16):           #: mixed
        logits = model(input_ids, use_cache=False).logits                   #: mixed
    logits = model(input_ids, use_cache=False).logits  # [1, position, vocabulary] #: not mixed
    loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])                #: not half
    loss = F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:])        #: half
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print(loss.item())
'''
PHASE_FUNCTIONS = '''
def forward(text):
    """The token IDs [1, position] and the logits [1, position, vocabulary]."""
    input_ids = tokenizer(text, return_tensors="pt").input_ids.to(DEVICE)
    input_ids = input_ids[:, :-APPENDED]                                    #: appends
    with torch.autocast(model.device.type, dtype=torch.bfloat16):           #: mixed
        return input_ids, model(input_ids, use_cache=False).logits          #: mixed
    return input_ids, model(input_ids, use_cache=False).logits              #: not mixed


def compute_loss(input_ids, logits):
    """The label of each position is the token after it; prints the loss."""
    loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])                #: not half
    loss = F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:])        #: half
    print(loss.item())
    return loss
'''
CELL_OF_PHASES = '''


def update(text):
    """The whole training cell."""
    loss = compute_loss(*forward(text))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
'''
LINES = {
    UPDATE: "update(text)",
    FORWARD: "input_ids, logits = forward(text)",
    LOSS: "loss = compute_loss(input_ids, logits)",
    BACKWARD: "loss.backward()",
    STEP: "optimizer.step()",
    ZERO_GRAD: "optimizer.zero_grad()",
}
DROPOUT = '''
PLACES = [(m, "p") for m in model.modules() if isinstance(m, torch.nn.Dropout)]
PLACES += [
    (module, name)
    for module in model.modules()
    for name, value in vars(module).items()
    if re.search("dropout|pdrop", name) and type(value) in (int, float)
]
LOADED = [getattr(*place) for place in PLACES]


def set_dropout(p):
    """The probability of dropout in train mode; None is the model's own."""
    global residual_dropout                                             #: hooked
    residual_dropout = p or 0.0                                         #: hooked
    for (module, name), loaded in zip(PLACES, LOADED):
        setattr(module, name, loaded if p is None else p)
'''
HOOKS = '''
residual_dropout = 0.0


def drop(module, inputs, output):
    """Dropout of what a part of a block adds to the residual stream."""
    if isinstance(output, tuple):
        return F.dropout(output[0], residual_dropout, module.training), *output[1:]
    return F.dropout(output, residual_dropout, module.training)


block_lists = [m for m in model.modules() if isinstance(m, torch.nn.ModuleList)]
for block in max(block_lists, key=lambda m: sum(weight.numel() for weight in m.parameters())):
    for part in $parts:
        if hasattr(block, part):
            getattr(block, part).register_forward_hook(drop)
'''
SET_LR = """
for group in optimizer.param_groups:
    group["lr"] = $lr
"""
REPEAT = """
for _ in range($times):
    $line
"""


def step_functions(actions: Iterable[Action], facts: Collection[str]) -> str:
    """The functions that the actions call; "" where they call none."""
    done = {action.what for action in actions}
    if done.isdisjoint((UPDATE, FORWARD, LOSS)):
        return ""
    if done.isdisjoint(PHASES):
        return render(CELL, facts)
    functions = render(PHASE_FUNCTIONS, facts)
    return functions + (CELL_OF_PHASES.rstrip() if UPDATE in done else "")


def dropout_functions(actions: Iterable[Action], hooked: tuple[str, ...]) -> str:
    """What sets the dropout that was set by hand; "" where none was."""
    if all(action.dropout is None for action in actions):
        return ""
    if not hooked:
        return render(DROPOUT)
    return f"{render(DROPOUT, {'hooked'})}\n\n\n{render(HOOKS, parts=hooked)}"


@dataclass
class State:
    """What the lines written so far have set; a line is written where it has to change."""

    fused: bool = False
    """Whether the optimizer does all in one kernel, as it does here on a GPU."""
    text: str | None = None
    lr: float = 0.0
    optimizer_number: int = 0
    training: bool = False
    """A model is in eval mode when it was loaded."""
    dropout: float | None = None
    """The model's own."""

    def mode(self, training: bool) -> Iterator[str]:
        if training is not self.training:
            self.training = training
            yield "model.train()" if training else "model.eval()"

    def drop(self, p: float | None) -> Iterator[str]:
        if p != self.dropout:
            self.dropout = p
            yield f"set_dropout({p})"

    def settings_of(self, action: Action) -> Iterator[str]:
        """The lines that make the settings what they were when `action` was done."""
        if action.what in (UPDATE, FORWARD):
            yield from self.mode(action.training)
            yield from self.drop(action.dropout)
        if action.what in (UPDATE, STEP):
            yield from self._optimizer(action)
        if action.what in (UPDATE, FORWARD) and action.text != self.text:
            self.text = action.text
            yield f"text = {text_literal(action.text)}"

    def _optimizer(self, action: Action) -> Iterator[str]:
        if action.optimizer_number != self.optimizer_number:
            self.optimizer_number, self.lr = action.optimizer_number, action.lr
            given = f"model.parameters(), lr={action.lr}" + (", fused=True" if self.fused else "")
            yield f"optimizer = torch.optim.{action.optimizer}({given})"
        elif action.lr != self.lr:
            self.lr = action.lr
            yield render(SET_LR, lr=action.lr)


def step_lines(actions: Iterable[Action], state: State) -> str:
    """What was done, in order; the same thing done again and again is a loop."""
    lines: list[str] = []
    for action, again in groupby(actions):
        times = len(list(again))
        lines += state.settings_of(action)
        line = LINES[action.what]
        if action.what == ZERO_GRAD and not state.optimizer_number:
            line = "model.zero_grad()"
        if times < 3:
            lines += [line] * times
        else:
            lines.append(render(REPEAT, times=times, line=Code(line)))
    return "\n".join(lines)
