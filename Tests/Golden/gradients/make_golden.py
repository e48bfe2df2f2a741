#!/usr/bin/env python3
"""Makes golden.json: losses and the gradient of every tensor, as PyTorch computes them.

The weights are a formula (../encoder/synthetic.py here, SyntheticModel.swift there). Every text
goes through the reference alone, so nothing is padded; losses are summed over texts and multiplied
by SCALE. All is computed in f64 and gradients are kept as f32, base64. `curve` are the losses of
ten steps of torch.optim.AdamW on the same batch, decay on matrices alone.

Ids 0 and 1 are in no text: one of them is padding to the reference, which learns nothing of it.

Usage: make_golden.py > golden.json     (made with torch 2.15, transformers 5.24, peft 0.21)
"""

import base64
import json
import pathlib
import sys

import numpy
import torch
from peft import LoraConfig, get_peft_model
import transformers

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "encoder"))
import synthetic  # noqa: E402

SCALE = 0.25
RATE, DECAY = 2e-3, 0.01
SHAPE = dict(family="bert", hidden=16, heads=2, feed_forward=36, layers=2, positions=40,
             vocabulary=43, activation="gelu", labels=2, lengths=[7, 1, 18, 33])
CASES = {
    "pooler": dict(head="pooler"),
    "mean": dict(head="mean", activation="gelu_new", labels=3, heads=4),
    "first": dict(head="cls", activation="relu", hidden=20, heads=1),
    "masked": dict(head="masked", lengths=[9, 21]),
    "adapters": dict(head="mean", rank=3, alpha=6),
    "mpnet": dict(family="mpnet", head="pooler", lengths=[5, 1, 40], positions=42),
    "mpnet adapters": dict(family="mpnet", head="cls", rank=2, alpha=4, lengths=[6, 11]),
}
TARGETS = [r"attention\.self\.query", r"attention\.self\.value", r"attention\.attn\.q",
           r"attention\.attn\.v", r"intermediate\.dense", r"(?<!attention\.)output\.dense"]
FAMILIES = {"bert": "Bert", "mpnet": "MPNet"}


def weights(name, shape):
    return torch.from_numpy(synthetic.tensor(name, shape).copy()).double()


def build(case):
    family = FAMILIES[case["family"]]
    configuration = getattr(transformers, family + "Config")(
        hidden_size=case["hidden"], num_attention_heads=case["heads"],
        intermediate_size=case["feed_forward"], num_hidden_layers=case["layers"],
        max_position_embeddings=case["positions"], vocab_size=case["vocabulary"],
        hidden_act=case["activation"], num_labels=case["labels"], attn_implementation="eager",
        hidden_dropout_prob=0, attention_probs_dropout_prob=0)
    is_whole = case["head"] == "pooler"
    kind = getattr(transformers, family + ("ForSequenceClassification" if is_whole else "Model"))
    model = kind(configuration).double()
    if not is_whole:
        model.pooler = None
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.copy_(weights(synthetic.canonical(name), value.shape))
    return model


def extras(case):
    """Parameters beside the model, by their names in the network."""
    if case["head"] in ("mean", "cls"):
        shapes = {"head.weight": (case["labels"], case["hidden"]), "head.bias": (case["labels"],)}
    elif case["head"] == "masked":
        shapes = {"cls.predictions.bias": (case["vocabulary"],)}
    else:
        shapes = {}
    return {name: weights(name, shape).requires_grad_() for name, shape in shapes.items()}


def loss_of(case, model, own, text, target):
    ids = torch.tensor([text])
    if case["head"] == "pooler":
        logits = model(input_ids=ids).logits[0]
        return -(target * logits.log_softmax(-1)).sum()
    states = model(input_ids=ids).last_hidden_state[0]
    if case["head"] == "masked":
        words = dict(model.named_parameters())["embeddings.word_embeddings.weight"]
        logits = states[target["rows"]] @ words.T + own["cls.predictions.bias"]
        return torch.nn.functional.cross_entropy(
            logits, torch.tensor(target["ids"]), reduction="sum")
    pooled = states.mean(0) if case["head"] == "mean" else states[0]
    logits = own["head.weight"] @ pooled + own["head.bias"]
    return -(target * logits.log_softmax(-1)).sum()


def canonical(name):
    name = synthetic.canonical(name.removeprefix("base_model.model."))
    return name.replace(".base_layer", "").replace(".lora_A.default", ".lora_A").replace(
        ".lora_B.default", ".lora_B")


def with_adapters(case, model):
    pattern = "|".join(TARGETS)
    wrapped = get_peft_model(model, LoraConfig(
        r=case["rank"], lora_alpha=case["alpha"], lora_dropout=0,
        target_modules=rf".*({pattern})"))
    with torch.no_grad():
        for name, value in wrapped.named_parameters():
            if "lora_" in name:
                value.copy_(weights(canonical(name), value.shape))
    return wrapped.double()


def targets(case, texts, random):
    if case["head"] == "masked":
        rows = [sorted(random.choice(len(text), max(1, len(text) // 4), replace=False).tolist())
                for text in texts]
        return [{"rows": some, "ids": random.integers(0, case["vocabulary"], len(some)).tolist()}
                for some in rows]
    made = random.dirichlet(numpy.ones(case["labels"]), len(texts)).astype(numpy.float32)
    return [torch.from_numpy(row).double() for row in made]


def decays(name):
    return not name.endswith(".bias") and "LayerNorm" not in name


def main():
    golden = []
    for name, changes in CASES.items():
        case = SHAPE | changes
        random = numpy.random.default_rng(len(golden) + 7)
        texts = [random.integers(2, case["vocabulary"], length).tolist()
                 for length in case["lengths"]]
        wanted = targets(case, texts, random)
        own = extras(case)
        model = build(case)
        called = with_adapters(case, model) if "rank" in case else model
        parameters = {canonical(key): value for key, value in called.named_parameters()
                      if value.requires_grad} | own

        def total():
            return SCALE * sum(loss_of(case, called, own, text, target)
                               for text, target in zip(texts, wanted))

        loss = total()
        loss.backward()
        gradients = {key: base64.b64encode(value.grad.numpy().astype("<f4").tobytes()).decode()
                     for key, value in parameters.items() if value.grad is not None}
        optimiser = torch.optim.AdamW(
            [{"params": [value], "weight_decay": DECAY if decays(key) else 0}
             for key, value in parameters.items()], lr=RATE, betas=(0.9, 0.999), eps=1e-8)
        curve = []
        for _ in range(10):
            optimiser.zero_grad()
            loss = total()
            loss.backward()
            curve.append(loss.item())
            optimiser.step()
        golden.append({"name": name} | case | {
            "texts": texts, "scale": SCALE, "rate": RATE, "decay": DECAY, "curve": curve,
            "targets": [target if isinstance(target, dict) else target.tolist()
                        for target in wanted],
            "gradients": gradients})
    lines = ",\n".join(json.dumps(entry) for entry in golden)
    sys.stdout.write(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
