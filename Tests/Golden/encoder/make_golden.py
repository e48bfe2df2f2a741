#!/usr/bin/env python3
"""Makes golden.json: what the reference computes for small models of odd shapes.

The weights are a formula (synthetic.py here, SyntheticModel.swift there), so only token ids and
answers are kept. The answers are computed in f64, so the difference to them is our error alone;
`reference_f32` is the largest difference of the reference's own f32, for comparison.

Usage: make_golden.py > golden.json     (made with torch 2.15, transformers 5.24, numpy 2.4)
"""

import json
import sys

import numpy
import torch
import transformers

import synthetic

# Every case: the shape, then how its file is written (the answers do not depend on that, but for
# the rounding of the weights to a narrower type).
SHAPE = dict(family="bert", hidden=20, heads=4, feed_forward=36, layers=1, positions=16,
             vocabulary=97, activation="gelu", head="sequence", labels=2)
CASES = {
    "one odd layer": {},
    "no prefix": dict(prefix=False, hidden=17, heads=1, feed_forward=5, layers=2),
    "many heads": dict(hidden=48, heads=16, feed_forward=100, layers=2, activation="gelu_new",
                       labels=3),
    "gamma and beta": dict(gamma_beta=True, hidden=24, heads=2, layers=3,
                           activation="gelu_pytorch_tanh"),
    "token head": dict(head="token", hidden=40, heads=5, feed_forward=64, layers=2,
                       activation="relu", labels=5),
    "embeddings": dict(head="none", prefix=False, hidden=36, heads=3, feed_forward=72, layers=2),
    "one label": dict(labels=1, layers=2),
    "several labels": dict(labels=4, problem="multi_label_classification", layers=2),
    "wide head": dict(labels=33, hidden=64, heads=4, feed_forward=256, layers=2, positions=64),
    "bfloat16": dict(type="BF16", hidden=32, heads=2, feed_forward=64, layers=2),
    "float16": dict(type="F16", hidden=32, heads=2, feed_forward=64, layers=2),
    "three shards": dict(shards=3, hidden=28, heads=7, feed_forward=60, layers=3),
    "deep": dict(hidden=96, heads=6, feed_forward=384, layers=12, positions=130, vocabulary=400),
    "many positions": dict(hidden=32, heads=2, feed_forward=64, layers=2, positions=300),
    "mpnet": dict(family="mpnet", hidden=24, heads=3, feed_forward=56, layers=2, positions=35),
    "mpnet, far apart": dict(family="mpnet", hidden=32, heads=4, feed_forward=64, layers=2,
                             positions=302, labels=3, shards=2),
    "mpnet, token head": dict(family="mpnet", head="token", hidden=30, heads=2, feed_forward=40,
                              layers=2, positions=66, labels=5, type="F16"),
    "mpnet, embeddings": dict(family="mpnet", head="none", prefix=False, hidden=40, heads=5,
                              feed_forward=90, layers=3, positions=135),
}
FAMILIES = {"bert": "Bert", "mpnet": "MPNet"}
HEADS = {"sequence": "ForSequenceClassification", "token": "ForTokenClassification",
         "none": "Model"}

NARROW = {"BF16": torch.bfloat16, "F16": torch.float16}


def build(case):
    family = FAMILIES[case["family"]]
    configuration = getattr(transformers, family + "Config")(
        hidden_size=case["hidden"], num_attention_heads=case["heads"],
        intermediate_size=case["feed_forward"], num_hidden_layers=case["layers"],
        max_position_embeddings=case["positions"], vocab_size=case["vocabulary"],
        hidden_act=case["activation"], num_labels=case["labels"], attn_implementation="eager",
        hidden_dropout_prob=0, attention_probs_dropout_prob=0)
    model = getattr(transformers, family + HEADS[case["head"]])(configuration).eval()
    state = {}
    for name, value in model.state_dict().items():
        if value.dtype.is_floating_point:
            made = torch.from_numpy(synthetic.tensor(synthetic.canonical(name), value.shape))
            if case.get("type") in NARROW:
                made = made.to(NARROW[case["type"]]).float()
            value = made
        state[name] = value
    model.load_state_dict(state)
    return model


def texts(case, random):
    """Lengths that matter: the shortest, around 16 (a kernel's tile), the position limit."""
    # MPNet keeps two positions for padding, and its reference gives none to token 1, which is it.
    is_mpnet = case["family"] == "mpnet"
    limit = case["positions"] - 2 * is_mpnet
    lengths = sorted({1, 2, 3, 7, min(15, limit), min(17, limit), limit})
    return [random.integers(2 * is_mpnet, case["vocabulary"], length).tolist()
            for length in lengths]


def answer(model, ids):
    """What the case's head gives for one text, and the mean embedding."""
    with torch.inference_mode():
        result = model(input_ids=torch.tensor([ids]), output_hidden_states=True)
    hidden = result.hidden_states[-1][0]
    logits = None if not hasattr(result, "logits") else result.logits[0]
    return logits, hidden.mean(0), hidden[0]


def main():
    golden = []
    for name, changes in CASES.items():
        case = SHAPE | changes
        random = numpy.random.default_rng(len(golden))
        model = build(case)
        ids = texts(case, random)
        single = [answer(model, text) for text in ids]
        model = model.double()
        exact = [answer(model, text) for text in ids]
        worst = max(float((low.double() - high).abs().max())
                    for one, two in zip(single, exact) for low, high in zip(one, two)
                    if low is not None)
        entry = {"name": name} | case | {"texts": ids, "reference_f32": worst}
        keys = ["logits", "mean", "first"] if case["head"] == "none" else ["logits"]
        for index, key in enumerate(["logits", "mean", "first"]):
            if key in keys and exact[0][index] is not None:
                entry[key] = [[float(f"{value:.9g}") for value in values[index].flatten()]
                              for values in exact]
        golden.append(entry)
    lines = ",\n".join(json.dumps(entry) for entry in golden)
    sys.stdout.write(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
