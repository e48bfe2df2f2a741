#!/usr/bin/env python3
"""Makes adapters.json: what PEFT's merged models compute, for small bases of made-up weights.

Bases are as in make_golden.py. An adapter's tensors have the names and shapes that PEFT wrote, and
values by formula: u(name, i) / 4 (see synthetic.py). Answers are of the merged model in f64.

Usage: make_adapter_golden.py > adapters.json   (made with torch 2.15, transformers 5.24, peft 0.21)
"""

import json
import pathlib
import sys
import tempfile

import numpy
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file

import make_golden
import synthetic

BERT = make_golden.SHAPE | dict(hidden=28, heads=4, feed_forward=60, layers=2, labels=3)
MPNET = BERT | dict(family="mpnet", positions=40)
# The case, the head of the base's folder, and the adapter.
CASES = {
    "bert, classifier saved": (
        BERT, "sequence", dict(r=3, lora_alpha=7, task_type="SEQ_CLS",
                               target_modules=["query", "value", "dense"])),
    "bert, rank stabilised": (
        BERT, "sequence", dict(r=4, lora_alpha=3, task_type="SEQ_CLS", use_rslora=True,
                               target_modules=["key", "intermediate.dense"])),
    "mpnet, classifier saved": (
        MPNET, "none", dict(r=2, lora_alpha=4, task_type="SEQ_CLS",
                            target_modules=["q", "v", "o"])),
    "mpnet, embeddings": (
        MPNET | dict(head="none", prefix=False), "none",
        dict(r=5, lora_alpha=8, task_type="FEATURE_EXTRACTION",
             target_modules=r".*\.(k|intermediate\.dense|output\.dense)")),
}


def made(name, value):
    unit = synthetic.uniform(name, value.shape)
    return torch.from_numpy(unit * numpy.float32(0.25))


def adapted(case, settings):
    """-> (merged model in f64, adapter_config.json, shapes by name)"""
    model = get_peft_model(make_golden.build(case), LoraConfig(**settings))
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        state = load_file(folder + "/adapter_model.safetensors")
        text = (pathlib.Path(folder) / "adapter_config.json").read_text()
    values = {name: made(name, value) for name, value in state.items()}
    set_peft_model_state_dict(model, values)
    kept = get_peft_model_state_dict(model)
    assert all(torch.equal(kept[name], value) for name, value in values.items())
    shapes = {name: list(value.shape) for name, value in state.items()}
    return model.double().merge_and_unload().eval(), text, shapes


def main():
    golden = []
    for name, (case, base_head, settings) in CASES.items():
        model, text, shapes = adapted(case, settings)
        ids = make_golden.texts(case, numpy.random.default_rng(len(golden)))
        answers = [make_golden.answer(model, text_ids) for text_ids in ids]
        key = 0 if case["head"] == "sequence" else 1
        golden.append(
            {"name": name} | case
            | {"head": base_head, "prefix": base_head == "sequence", "texts": ids,
               "configuration": text, "tensors": shapes,
               ["logits", "mean"][key]: [[float(f"{value:.9g}") for value in answer[key].flatten()]
                                         for answer in answers]})
    lines = ",\n".join(json.dumps(entry) for entry in golden)
    sys.stdout.write(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
