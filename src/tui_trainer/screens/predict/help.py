"""What the sheet of keys tells of Predict, before its keys."""

HELP = """\
The forward pass: model(input_ids).logits, of shape (batch, position, vocabulary). At each position
the model gives a number to every token of its vocabulary, the logit. Softmax turns the logits of
a position into probabilities, which sum to 1. The expected token is the one that really comes
next; the loss of a position is -log p of it, in nats. The entropy says how undecided the model is:
0 where one token has all the probability, log of the vocabulary's size where all have the same.
Where there is room a chart has both: a loss above the entropy is a surprise. The losses of a text
sum to -log p of the text.

The row you select is opened below: its most likely tokens with logit and p, and the rank of the
expected one. ✓ marks the expected token.

A model generates one token at a time: the most likely one (greedy), or one drawn at random.
Sampling first divides the logits by the temperature T, then keeps the k most likely (top-k),
then the most likely until their probabilities sum to p (top-p); the last three columns are the
probabilities after each step, a dot where the token is cut. The draw is a number from 0 to 1, and
chooses the first token at which the sum from the top passes it. The same seed draws the same.
, has all of them as a form, and below it the command line that means the same.
p runs until the model ends the text, or the text fills its context, but makes at most 200 tokens
a time: press it again to go on.

The text is that of Tokens and Step too: w gives this screen one of its own.

Whatever trains the model, here, on Step or in a loop, changes what you see: the tables follow."""
