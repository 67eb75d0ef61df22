"""What the sheet of keys tells of Step, before its keys; and the training cell."""

HELP = """\
The training cell of the notebook, on your text. The model reads the tokens and gives, at each
position, a probability to every token that could come next (logits, then softmax). The loss is
the mean of -log p of the tokens that really come next (cross entropy). Backward finds the
gradient of the loss for every weight; optimizer.step moves each weight a little against it.

The text is that of Tokens and Predict too: w gives this screen one of its own.

space makes one update; watch the loss fall and p of the next token rise. A learning rate that
is too high makes the loss jump: R gives you the loaded weights back.

. runs the cell phase by phase: forward makes the logits and a graph of how they came about, loss
compares them with the labels, backward goes back through the graph and leaves a gradient for each
weight, optimizer.step moves the weights, zero_grad clears the gradients. F, L, B, S and Z run one
out of order: backward again without a step gives the same loss; a step without backward changes
nothing; without zero_grad the gradients add up, and their norm shows it.

'moved' counts the weights whose stored value changed: in bf16 a small step can round to nothing.
Layer by layer there are the norm of the gradient, now and over the last updates; Δw/w, the
update-to-weight ratio: the norm of the change over the norm of the weights before; and the share of
the weights that moved. v opens that view, the phases and the probes; from 110 columns all of them
are on show, and v makes one large.

Probes are up to five other strings (e edits them): what memorising one does to the rest. They are
measured when the model is loaded, and after an update only while they are on show.

u undoes an update: weights, optimizer, random numbers and count are those before it, bit for
bit. r makes it again. h says how much of the computer's memory that may take, and so how far back
you can go. Where memory is short an update gives up its way back, and then its count, and says so.

f forks: one update from the same weights, optimizer and random numbers at a third of the learning
rate, at it, and at three times it, side by side. Pick one and it is made, and its learning rate
stays; pick none and nothing has changed.

, has all settings of the next update as a form, and below it the command line that means the same.

left and right read the charts, + and - zoom in, 0 shows all; on one in hand, by tab, w follows.

The loss before the update is what the training cell prints; the one after is a new forward pass.
x writes all that was done since the weights were loaded, here and by the loop of GSM8K, as a Python
script or a notebook in plain PyTorch: run it, and it prints the same losses, on a GPU in all but
their last digits. What was undone is not in it.

Train mode turns dropout on, so the same text gives a different loss each time; eval mode turns
it off. A model without dropout gives the same in both, as the built-in one does. d sets some, and
opens the view in which the text goes through the same weights twice in each mode. Where the model
has no dropout modules it is that of the attention weights and, by a hook, of what each block adds
to the residual stream. It is this screen's: the loop of GSM8K trains with the model's own."""

CELL = """\
F  logits = model(input_ids).logits
L  loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])
B  loss.backward()
S  optimizer.step()
Z  optimizer.zero_grad()

The loss is the mean of -log p of the tokens that really come next, in nats. space runs all five \
lines: it falls, and p of the right tokens rises in the table below. . runs one line after \
another, and shows what each leaves. u takes an update back; f tries three learning rates first."""
"""As the notebook has it: what stands in the chart before there is a loss."""
