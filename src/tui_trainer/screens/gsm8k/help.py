"""What the sheet of keys tells of GSM8K, before its keys; and the loop."""

HELP = """\
The notebook's training loop: the items of GSM8K (word problems with worked answers) one after
another, one update each, on the text 'Question: ... Answer: ...'. The optimizer is the loop's
own, fresh at each start.

The raw loss jumps, since each item is another text; the moving average ('avg', in which the last
20 steps have most of the weight) shows the trend. It falls steeply at first, while the model learns
the form, and slowly after that.

i shows the items, all of them, at any time: each by its number or by words in it, with the text
that the model is trained on, its tokens, and which of them the loss counts.

Pause with space and look around: every other screen uses the weights as they are now. The
update that you make on Step while the loop is paused is one the loop goes on from: it is a line of
the run, and a mark on its chart. The rate counts training alone, not the pauses.

c saves the weights wherever no file has an update: as a checkpoint of the run that goes or has just
ended, else as a model of their own. A run ends with a checkpoint (a setting). Whatever would lose
updates asks first. Where the terminal closes, or its connection drops, the step is finished and a
checkpoint written, from which r on Runs goes on; of a process that is killed, the last one is left.

Where a step has more than one item, a line above the item says how much of its rows is useful, the
rest being padding and what stands between packed items, and draws its first row.

Held-out items, where the settings ask for some, are measured before the run, every few steps and
at its end: a diamond on the chart. Where the diamonds rise while the losses fall, the model
learns these items by heart. V shows sample answers too.

tab takes the next chart in hand, enter makes it large; left and right read all of them at a step,
# at the one that is typed, + and - zoom in on it, w follows the last part, 0 shows all. o lays the
runs marked on Runs over the losses. □ on the axis is a checkpoint. h shows what the steps did to
each layer, as a heat map. Where a step alarmed, B has its row, and goes back to before it.

x writes what was done since the weights were loaded as a Python script or a notebook in plain
PyTorch that makes the same steps and prints the same losses, on a GPU in all but their last
digits."""

LOOP = """\
With the preset tutorial it is the notebook's loop:
for question, answer in items:
    text = f"Question: {question}\\nAnswer: {answer}"
    input_ids = tokenizer(text, return_tensors="pt").input_ids
    logits = model(input_ids).logits
    loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()

Each loss is a dot, and they jump: each item is another text. Their average is the line: it falls \
fast while the model learns the form, slowly after that.

e scores the weights as they are: done first, it is what the trained ones are compared with. enter \
has the settings, v the rows of the first step, i all items."""
"""What stands in the chart before there is a loss."""
