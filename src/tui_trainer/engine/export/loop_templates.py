"""The text of a training loop in an export; `template.py` tells how it is read."""

from collections.abc import Collection

ITEMS_HEADING = "The items, each a question and an answer."
ITEMS = """
PROBLEMS = Path(__file__).with_name($beside)                            #: beside and script
PROBLEMS = Path($beside)  # beside this notebook                        #: beside and not script
PROBLEMS = $path                                                        #: jsonl
PROBLEMS = $path                                                        #: parquet
with open(PROBLEMS, encoding="utf-8-sig") as file:                      #: json
    items = [json.loads(line) for line in file if line.strip()][:$count]    #: json
items = list(load_dataset("parquet", data_files=PROBLEMS, split="train"))[:$count]  #: parquet
items = list(load_dataset($repo$config, split="train"))[:$count]        #: hub
"""

ENCODE_HEADING = "Each item as token IDs, and the first of them that the loss counts."
ENCODE = """
def encode(item):
    question = f"Question: {item['question']}\\nAnswer:"
    text = f"{question} {item['answer']}"
    ids = tokenizer(text).input_ids                                     #: not answer_only
    ids = ids[:-APPENDED]                                           #: not answer_only and appends
    first = 1  # the token before it predicts it, so token 0 has no loss    #: not answer_only
    encoded = tokenizer(text, return_offsets_mapping=True)              #: answer_only
    ids = encoded.input_ids                                             #: answer_only
    ids = ids[:-APPENDED]                                               #: answer_only and appends
    ends = [end for _, end in encoded.offset_mapping]                   #: answer_only
    first = next((n for n, end in enumerate(ends) if end > len(question)), len(ids)) #: answer_only
    ids = ids + [tokenizer.eos_token_id]                                #: end_of_text
    ids = ids[:$longest]  # the model or the row takes no more          #: cut
    return ids, first                                                   #: not answer_only
    return ids, max(1, first)                                           #: answer_only


examples = [encode(item) for item in items]
examples = [(ids, first) for ids, first in examples if first < len(ids)]    #: left_out
"""

ORDER_HEADING = "All epochs, one after another."
ORDER = """
$sequence = $sequence * $epochs                                         #: repeated
ordered = []                                                            #: shuffled
for epoch in range($epochs):                                            #: shuffled
    order = list(range(len($sequence)))                                 #: shuffled
    Random(f"order {$seed} {epoch}").shuffle(order)                     #: shuffled
    ordered += [$sequence[n] for n in order]                            #: shuffled
$sequence = ordered                                                     #: shuffled
"""

BATCH_HEADING = (
    "The tensors of a forward pass. The label of a position is the token after it, or -100, "
    "which the loss passes over."
)
SINGLE = """
def make_batch(rows):
    ((ids, first),) = rows
    labels = [-100] * (first - 1) + ids[first:] + [-100]
    inputs = {"input_ids": torch.tensor([ids], device=DEVICE)}  # [1, position]
    return inputs, torch.tensor([labels], device=DEVICE)
"""
PADDED = """
PAD = $pad  # the attention mask hides it


def make_batch(rows):
    width = max(len(ids) for ids, _ in rows)

    def fill(row, filler):
        padding = [filler] * (width - len(row))
        return padding + row                                            #: left
        return row + padding                                            #: not left

    inputs = {  # [row, position]
        "input_ids": [fill(ids, PAD) for ids, _ in rows],
        "attention_mask": [fill([1] * len(ids), 0) for ids, _ in rows],
        "position_ids": [fill(list(range(len(ids))), 0) for ids, _ in rows],
    }
    labels = [fill([-100] * (first - 1) + ids[first:] + [-100], -100) for ids, first in rows]
    inputs = {name: torch.tensor(grid, device=DEVICE) for name, grid in inputs.items()}
    return inputs, torch.tensor(labels, device=DEVICE)
"""
FILL = """
def fill_rows(examples):                                                #: not best_fit
    rows, row, used = [], [], 0                                         #: not best_fit
    for ids, first in examples:                                         #: not best_fit
        if row and used + 1 + len(ids) > $pack:                         #: not best_fit
            rows.append(row)                                            #: not best_fit
            row, used = [], 0                                           #: not best_fit
        used += len(ids) + bool(row)  # a token stands between two items    #: not best_fit
        row.append((ids, first))                                        #: not best_fit
    return [*rows, row]                                                 #: not best_fit
def fit_rows(examples):                                                 #: best_fit
    rows = []                                                           #: best_fit
    left = []  # tokens left in a row, and its number; sorted           #: best_fit
    for ids, first in sorted(examples, key=lambda example: -len(example[0])):   #: best_fit
        needed = len(ids) + 1  # a token stands between two items       #: best_fit
        place = bisect_left(left, (needed, 0))                          #: best_fit
        if place == len(left):                                          #: best_fit
            space, number = $pack + 1, len(rows)                        #: best_fit
            rows.append([])                                             #: best_fit
        else:                                                           #: best_fit
            space, number = left.pop(place)                             #: best_fit
        rows[number].append((ids, first))                               #: best_fit
        insort(left, (space - needed, number))                          #: best_fit
    return rows                                                         #: best_fit
"""
PACKED = """
EOT = tokenizer.eos_token_id


def make_batch(rows):
    grid = []  # [row, position] of a token, its position in its item, its label
    for row in rows:
        cells = []
        for ids, first in row:
            if cells and cells[-1][0] != EOT:
                cells.append((EOT, cells[-1][1] + 1, -100))             #: not turned
                position = (cells[-1][1] + 1) % $context                #: turned
                cells.append((EOT, position, -100))                     #: turned
            labels = [-100] * (first - 1) + ids[first:] + [-100]
            cells += zip(ids, range(len(ids)), labels)
        grid.append(cells)
    width = max(map(len, grid))
    for cells in grid:
        cells += [(EOT, n, -100) for n in range(width - len(cells))]    #: not turned
        cells += [(EOT, n % $context, -100) for n in range(width - len(cells))] #: turned
    input_ids, position_ids, labels = torch.tensor(grid, device=DEVICE).unbind(-1)
    # Positions that begin at 0 again, without a mask, keep attention inside each item.
    return {"input_ids": input_ids, "position_ids": position_ids}, labels
"""

STEPS_HEADING = "The rows of each step."
STEPS = """
rows = examples                                                         #: not packed
rows = fill_rows(examples)                                              #: packed and not best_fit
rows = []                                                               #: best_fit
for epoch in range($epochs):                                            #: best_fit
    order = list(range(len(examples)))                                  #: best_fit
    Random(f"order {$seed} {epoch}").shuffle(order)                     #: best_fit and shuffled
    rows_of_epoch = fit_rows([examples[n] for n in order])              #: best_fit
    Random(f"rows {$seed} {epoch}").shuffle(rows_of_epoch)              #: best_fit
    rows += rows_of_epoch                                               #: best_fit
steps = [rows[n : n + $batch] for n in range(0, len(rows), $batch)]
passes = steps                                                          #: accumulated
steps = [passes[n : n + $accumulation] for n in range(0, len(passes), $accumulation)] #: accumulated
# This model computes otherwise in a batch, so each item has a forward pass of its own.    #: apart
steps = [[row for rows in passes for row in rows] for passes in steps]  #: apart and accumulated
steps = [[item for row in rows for item in row] for rows in steps]      #: apart and packed
steps = [[[item] for item in items] for items in steps]                 #: apart
"""

OPTIMIZER_HEADING = "The loop's own optimizer."
RESUMED_HEADING = "The loop's own optimizer, as the checkpoint has it."
OPTIMIZER = """
$name = torch.optim.$kind(model.parameters(), lr=$lr$fused)             #: not decayed
matrices = [p for p in model.parameters() if p.dim() >= 2]              #: decayed
others = [p for p in model.parameters() if p.dim() < 2]                 #: decayed
groups = [                                                              #: decayed
    {"params": matrices, "weight_decay": $decay},                       #: decayed
    {"params": others, "weight_decay": 0.0},                            #: decayed
]                                                                       #: decayed
$name = torch.optim.$kind(groups, lr=$lr$fused)                         #: decayed
saved = load_file(Path(MODEL, "training.safetensors"))                  #: resumed
for weight_name, weight in model.named_parameters():                    #: moments
    for key in ("step", "exp_avg", "exp_avg_sq"):                       #: moments
        value = saved[f"optimizer/{weight_name}/{key}"]                 #: moments
        value = value.to(DEVICE)                                        #: moments and fused
        value = value.to(DEVICE) if value.dim() else value              #: moments and not fused
        $name.state[weight][key] = value                                #: moments
"""

RATE_HEADING = "The learning rate of each step, counted from 1."
RATE = """
PEAKS = $peaks  # from each of these steps on                           #: changed


def learning_rate(step):
    peak = $lr                                                          #: not changed
    peak = PEAKS[max(first for first in PEAKS if first <= step)]        #: changed
    if step <= $warmup:                                                 #: warmup
        return peak * (step / $warmup)                                  #: warmup
    done = (step - 1) / $steps                                          #: falling and not warmup
    done = (step - 1 - $warmup) / max(1, $steps - $warmup)              #: falling and warmup
    return peak                                                         #: constant
    return peak * (1 - done)                                            #: linear
    return peak * ((1 + math.cos(math.pi * done)) / 2)                  #: cosine
"""

LOOP_HEADING = "The loop: one update a step."
PLAIN_LOOP = """
for item in $taken:                                                     #: not rated
for step, item in enumerate($taken, start=$first):                      #: rated
    for group in $optimizer.param_groups:                               #: rated
        group["lr"] = learning_rate(step)                               #: rated
    text = f"Question: {item['question']}\\nAnswer: {item['answer']}"
    input_ids = tokenizer(text, return_tensors="pt").input_ids.to(DEVICE)  # [1, position]
    input_ids = input_ids[:, :-APPENDED]                                #: appends
    with torch.autocast(model.device.type, dtype=torch.bfloat16):       #: mixed
        logits = model(input_ids, use_cache=False).logits               #: mixed
    logits = model(input_ids, use_cache=False).logits  # [1, position, vocabulary] #: not mixed
    loss = F.cross_entropy(logits[0, :-1], input_ids[0, 1:])            #: not half
    loss = F.cross_entropy(logits[0, :-1].float(), input_ids[0, 1:])    #: half
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]  #: not clipped
    grad_norm = torch.nn.utils.get_total_norm(gradients)                #: not clipped
    grad_norm = torch.nn.utils.clip_grad_norm_(model.parameters(), $clip)   #: clipped
    $optimizer.step()
    $optimizer.zero_grad()
    print(loss.item(), grad_norm.item())
"""
BATCH_LOOP = """
for rows in $taken:                                                     #: not rated
for step, rows in enumerate($taken, start=$first):                      #: rated
    for group in $optimizer.param_groups:                               #: rated
        group["lr"] = learning_rate(step)                               #: rated
    inputs, labels = make_batch(rows)
    with torch.autocast(model.device.type, dtype=torch.bfloat16):       #: mixed
        logits = model(**inputs, use_cache=False).logits                #: mixed
    logits = model(**inputs, use_cache=False).logits                    #: not mixed
    # logits: [row, position, vocabulary]; the mean over the labels that count
    loss = F.cross_entropy(logits.flatten(0, 1), labels.flatten())      #: not half
    loss = F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten())  #: half
    loss.backward()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]  #: not clipped
    grad_norm = torch.nn.utils.get_total_norm(gradients)                #: not clipped
    grad_norm = torch.nn.utils.clip_grad_norm_(model.parameters(), $clip)   #: clipped
    $optimizer.step()
    $optimizer.zero_grad()
    print(loss.item(), grad_norm.item())
"""
ACCUMULATED_LOOP = """
for passes in $taken:                                                   #: not rated
for step, passes in enumerate($taken, start=$first):                    #: rated
    for group in $optimizer.param_groups:                               #: rated
        group["lr"] = learning_rate(step)                               #: rated
    batches = [make_batch(rows) for rows in passes]
    counted = sum(int((labels != -100).sum()) for _, labels in batches)
    step_loss = torch.zeros((), device=DEVICE)
    for inputs, labels in batches:
        with torch.autocast(model.device.type, dtype=torch.bfloat16):   #: mixed
            logits = model(**inputs, use_cache=False).logits            #: mixed
        logits = model(**inputs, use_cache=False).logits                #: not mixed
        # logits: [row, position, vocabulary]; the sum over all passes is the step's mean
        flat = logits.flatten(0, 1)                                     #: not half
        flat = logits.flatten(0, 1).float()                             #: half
        losses = F.cross_entropy(flat, labels.flatten(), reduction="sum")
        loss = losses / counted
        loss.backward()
        step_loss += loss.detach()
    gradients = [p.grad for p in model.parameters() if p.grad is not None]  #: not clipped
    grad_norm = torch.nn.utils.get_total_norm(gradients)                #: not clipped
    grad_norm = torch.nn.utils.clip_grad_norm_(model.parameters(), $clip)   #: clipped
    $optimizer.step()
    $optimizer.zero_grad()
    print(step_loss.item(), grad_norm.item())
"""
RANDOM_NUMBERS = """
torch.manual_seed($seed)  # for dropout                                 #: not resumed
torch.set_rng_state(saved["rng/0"])  # for dropout                      #: resumed
if "rng/1" in saved:                                                    #: resumed and on_gpu
    torch.get_device_module(DEVICE).set_rng_state(saved["rng/1"], DEVICE)  #: resumed and on_gpu
"""
SPLIT = '''
def train(first, last):
    """The steps from `first` to `last`."""
'''


def batch_template(facts: Collection[str]) -> str:
    if "packed" in facts:
        return FILL + "\n" + (SINGLE if "apart" in facts else PACKED)
    return PADDED if "padded" in facts else SINGLE
