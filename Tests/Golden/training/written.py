#!/usr/bin/env python3
"""Reads model folders that `textflixlab train` wrote with the libraries others use, by hand.

    a pooler's folder       transformers, AutoModelForSequenceClassification
    a linear head's folder  transformers, AutoModel; pooled, and the head's product
    adapters                the same, with PEFT's PeftModel over the base

The logits of the same random token ids (1 to 256 of them) by `textflixlab forward` stand beside the
reference's in f64, with the reference's own f32 for comparison. Fails where ours are further off
than 1e-4 of the largest logit. Where the folder's card has Python code, it is run as it stands, and
its probabilities must be ours to 1e-4.

Usage: written.py [--lab PATH] DIR...
Needs torch 2.15, transformers 5.24, peft 0.21, safetensors.
"""

import argparse
import contextlib
import io
import json
import pathlib
import re
import subprocess
import sys

import numpy
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

LAB = pathlib.Path(__file__).parents[3] / ".build/release/textflixlab"
LENGTHS = [1, 2, 3, 16, 17, 64, 130, 256]
BOUND = 1e-4


def settings_of(folder):
    return json.loads((folder / "textflix.json").read_text())


class Classifier:
    """A folder as the reference libraries read it: `logits(ids)`, one text."""

    def __init__(self, folder):
        settings = settings_of(folder)
        self.head = None
        if "head" not in settings:
            self.kind = "pooler"
            self.model = AutoModelForSequenceClassification.from_pretrained(folder)
        else:
            self.kind, self.pooling = "linear head", settings["pooling"]
            self.head = load_file(folder / settings["head"])
            self.model = AutoModel.from_pretrained(folder / settings["base"])
            if "adapter" in settings:
                self.kind = "adapters"
                self.model = PeftModel.from_pretrained(self.model, folder)
        self.model.eval()

    def double(self):
        self.model = self.model.double()
        return self

    @torch.inference_mode()
    def logits(self, ids):
        result = self.model(input_ids=torch.tensor([ids]))
        if self.head is None:
            return result.logits[0].double().numpy()
        states = result.last_hidden_state[0]
        pooled = states.mean(0) if self.pooling == "mean" else states[0]
        weight, bias = (self.head[f"head.{part}"].to(pooled.dtype) for part in ("weight", "bias"))
        return (weight @ pooled + bias).double().numpy()


def texts(folder):
    settings = settings_of(folder)
    configuration = AutoConfig.from_pretrained(folder / settings.get("base", "."))
    random = numpy.random.default_rng(7)
    return [random.integers(4, configuration.vocab_size, length).tolist() for length in LENGTHS]


def ours(lab, folder, ids):
    text = "".join(" ".join(map(str, row)) + "\n" for row in ids)
    run = subprocess.run([lab, "forward", "--output", "logits", folder], input=text,
                         capture_output=True, text=True, check=True)
    return numpy.array([[float(value) for value in line.split()]
                        for line in run.stdout.splitlines()])


def of_the_card(folder):
    """What the code of the folder's card says. -> (token ids, probabilities), None without code"""
    card = folder / "MODEL_CARD.md"
    code = re.search(r"```python\n(.*?)```", card.read_text() if card.exists() else "", re.DOTALL)
    if not code:
        return None
    names = {}
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        exec(code[1], names)  # pylint: disable=exec-used
    batch = names["batch"]
    rows = [ids[mask.bool()].tolist()
            for ids, mask in zip(batch["input_ids"], batch["attention_mask"])]
    return rows, names["probabilities"].detach().numpy()


def card_off_by(lab, folder):
    """-> the largest difference of a probability; None without code"""
    said = of_the_card(folder)
    if said is None:
        return None
    logits = torch.tensor(ours(lab, folder, said[0])) / settings_of(folder).get("temperature", 1)
    return abs(logits.softmax(-1).numpy() - said[1]).max()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--lab", default=LAB)
    parser.add_argument("folders", nargs="+", metavar="DIR", type=pathlib.Path)
    arguments = parser.parse_args()
    worst = 0.0
    print("| model | read as | largest logit | ours off by | reference f32 off by | card's code |")
    print("| --- | --- | --- | --- | --- | --- |")
    for folder in arguments.folders:
        ids = texts(folder)
        classifier = Classifier(folder)
        single = numpy.array([classifier.logits(row) for row in ids])
        exact = numpy.array([classifier.double().logits(row) for row in ids])
        off = abs(ours(arguments.lab, folder, ids) - exact).max()
        largest = abs(exact).max()
        card = card_off_by(arguments.lab, folder)
        worst = max(worst, off / largest, card or 0)
        print(f"| {folder.name} | {classifier.kind} | {largest:.3f} | {off:.1e}"
              f" | {abs(single - exact).max():.1e} | {'none' if card is None else f'{card:.1e}'} |",
              flush=True)
    return 1 if worst > BOUND else 0


if __name__ == "__main__":
    sys.exit(main())
