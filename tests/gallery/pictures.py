"""All pictures there are, screen by screen."""

from tests.gallery import dialogs, loops, texts
from tests.gallery.picture import LOOKS, MIDDLE, SIZES, SMALL, Picture

EVERY_LOOK = tuple(LOOKS)
TOKENS, PREDICT, LOSS, STEP = "1 Tokens", "2 Predict", "3 Loss", "4 Step"
GSM8K, RUNS, OVER = "5 GSM8K", "6 Runs", "Over a screen"
TWO = SMALL, MIDDLE

PICTURES = (
    Picture(
        TOKENS, "tokens", "a text, its tokens, its batch", "1", texts.tokens, SIZES, EVERY_LOOK
    ),
    Picture(TOKENS, "start", "the first start", "", texts.first_start, TWO, greets=True),
    Picture(TOKENS, "tokens-batch", "a batch of two lines", "1, then b", texts.tokens_batch, SIZES),
    Picture(
        TOKENS,
        "tokens-rows",
        "the batch as the model gets it",
        "1, then b and v",
        texts.rows_of_batch,
        TWO,
    ),
    Picture(
        TOKENS,
        "tokens-emoji",
        "a character of several tokens",
        "1, an emoji typed",
        texts.tokens_emoji,
    ),
    Picture(TOKENS, "tokens-empty", "empty: no text", "1, all deleted", texts.tokens_empty),
    Picture(
        PREDICT,
        "predict",
        "four tokens generated, one position opened",
        "2, then space and down",
        texts.predict,
        SIZES,
        EVERY_LOOK,
    ),
    Picture(
        PREDICT,
        "predict-sampling",
        "the steps of sampling: temperature, top-k, top-p",
        "2, then g, t and n",
        texts.predict_sampling,
        SIZES,
    ),
    Picture(PREDICT, "predict-empty", "empty: no text", "1, all deleted, 2", texts.predict_empty),
    Picture(LOSS, "loss", "three classes", "3, then down and space", texts.loss, SIZES, EVERY_LOOK),
    Picture(STEP, "step-first", "before an update", "4", texts.step_at_first, TWO),
    Picture(
        STEP,
        "step",
        "twelve updates",
        "4, then space twelve times",
        texts.step,
        SIZES,
        EVERY_LOOK,
    ),
    Picture(
        STEP,
        "step-phases",
        "phase by phase, in a small terminal",
        "4, then . three times",
        texts.step_phases,
        (SMALL,),
    ),
    Picture(STEP, "step-cell", "phase by phase", "4, then . three times", texts.step_phases),
    Picture(
        STEP,
        "step-moved",
        "layer by layer",
        "4, space twelve times, v twice",
        texts.step_moved,
        TWO,
    ),
    Picture(
        STEP,
        "step-probes",
        "other strings",
        "4, space twelve times, v thrice",
        texts.step_probes,
        TWO,
    ),
    Picture(STEP, "step-fork", "three learning rates", "4, then space and f", texts.step_fork, TWO),
    Picture(
        STEP,
        "step-busy",
        "busy: an update takes long",
        "4, then space again and again",
        texts.step_waits,
        (MIDDLE, SMALL),
    ),
    Picture(GSM8K, "gsm8k-first", "empty: before a run", "5", loops.first, SIZES),
    Picture(
        GSM8K, "gsm8k", "a run, paused", "5, then . forty times", loops.gsm8k, SIZES, EVERY_LOOK
    ),
    Picture(
        GSM8K,
        "gsm8k-running",
        "busy: a run with a schedule, checkpoints and held-out items",
        "5, settings, then space",
        loops.running,
        SIZES,
    ),
    Picture(
        GSM8K,
        "gsm8k-validation",
        "a run that has finished",
        "5, held-out items in the settings, then space",
        loops.validation,
        SIZES,
    ),
    Picture(GSM8K, "gsm8k-failed", "a failure: no memory", "5, then space", loops.failed, TWO),
    Picture(
        GSM8K, "settings", "the settings of the next run", "5, then enter", loops.settings, SIZES
    ),
    Picture(
        GSM8K, "rows", "packed rows as the model gets them", "5, two steps, v", loops.rows, SIZES
    ),
    Picture(
        GSM8K,
        "layers",
        "what forty steps did to each layer",
        "5, a look at the layers each step in the settings, forty steps, h",
        loops.layers,
        SIZES,
        ("", "no-colour", "colour-blind"),
    ),
    Picture(GSM8K, "items", "the items", "5, then i", loops.items, TWO),
    Picture(
        GSM8K,
        "evaluation",
        "before and after forty steps",
        "5, e, forty steps, e again",
        loops.evaluation,
        SIZES,
        EVERY_LOOK,
    ),
    Picture(GSM8K, "evaluation-none", "empty: no evaluation", "5, then E", loops.evaluation_none),
    Picture(
        RUNS,
        "runs",
        "two runs side by side",
        "6, then space, down, space",
        loops.runs,
        SIZES,
        EVERY_LOOK,
    ),
    Picture(RUNS, "runs-none", "empty: no run", "6", loops.no_runs, TWO),
    Picture(RUNS, "bench", "the training loops side by side", "6, then b", loops.bench, TWO),
    Picture(OVER, "keys", "every key of Step", "4, then ?", dialogs.keys, SIZES),
    Picture(OVER, "palette", "what do you want to do?", "ctrl+p, dropout", dialogs.palette, TWO),
    Picture(OVER, "models", "pick a model", "m", dialogs.models, TWO),
    Picture(
        OVER,
        "no-such-model",
        "a failure: it cannot be loaded",
        "m, a name",
        dialogs.no_such_model,
        notifies=True,
    ),
    Picture(OVER, "failure", "a failure of the device", "", dialogs.failure, TWO),
    Picture(OVER, "quit", "what would be lost", "5, forty steps, q", dialogs.quitting, TWO),
    Picture(OVER, "save-view", "what is on show as a file", "ctrl+s", dialogs.saving),
)
