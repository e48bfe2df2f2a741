#!/usr/bin/env python3
"""Compares the daemon's explanations with the `lime` package: error by samples, and time.

Usage: explain.py error SOCKET [--model NAME]
       explain.py time SOCKET --model NAME --folder DIR [--unit sentence|word] [--samples 5000]
                  [--measured N] [--dtype float32|bfloat16] [--threads N] [--methods A,B]

`error` scores all variants of one review once, then asks for the exact weights and for sampled ones
at rising numbers of samples, twenty seeds each: by the daemon, and by lime over the same scores.
It prints the worst error over the features relative to the strongest weight, as mean over the
seeds, and how often the strongest feature is another one.

`time` explains the same review by the daemon, and by lime driving PyTorch on the same model folder
(a transformers classifier, or a head over a base as textflix.json tells, with adapters by PEFT).
lime scores every sample it draws; texts go to PyTorch sorted by length in batches of 32. With
--measured it draws so many only and its time is scaled to --samples, which is said. Leave the
machine alone meanwhile.

Needs lime, numpy and scikit-learn; `time` also torch, transformers, safetensors and, for adapters,
peft.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

import numpy as np
from lime.lime_text import LimeTextExplainer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Protocol" / "python"))
import textflix  # noqa: E402

# Written for this file: ten sentences, about as many word pieces as the median review (222).
REVIEW = (
    "We went to see this on a rainy Sunday because nothing else was showing at that hour. ",
    "The first half hour did not give me much hope, with its endless shots of traffic and a voice "
    "that explains what we can see for ourselves. ",
    "Then the grandmother arrives, and from that moment on the film is hers. ",
    "She has perhaps twelve lines in all, but every one of them lands, and the look she gives her "
    "son across the kitchen table says more than the whole script. ",
    "The son, sadly, is played by somebody who has one expression for joy, grief and hunger. ",
    "There is a chase through a market in the middle that must have cost most of the budget, and I "
    "could not tell you who was chasing whom. ",
    "But the music is lovely, a small band of accordion and clarinet that never tries too hard. ",
    "My sister cried at the wedding, I did not, and we argued about it all the way home. ",
    "The end is a little too neat for a story about people who never learned to talk. ",
    "Still, I have thought about that kitchen every day since, and I would gladly see it again.")
SEEDS = 20
LABEL = "positive"


class Sentences:
    """What lime splits by: each sentence's index, so that variants can be put together again."""

    def __init__(self):
        self.text = " ".join(str(i) for i in range(len(REVIEW)))

    def split(self, text):
        return text.split(" ")

    def variant(self, text):
        return "".join(REVIEW[int(word)] for word in text.split())


def lime_run(explainer, text, predict, samples, features):
    explanation = explainer.explain_instance(
        text, predict, labels=(1,), num_features=features, num_samples=samples)
    return dict(explanation.as_map()[1])


def probabilities(client, texts, model):
    rows = []
    for first in range(0, len(texts), 512):
        for result in client.classify(texts[first:first + 512], model=model).results:
            p = next(s.probability for s in result.scores if s.label == LABEL)
            rows.append((1 - p, p))
    return rows


def show_error(options):
    count = len(REVIEW)
    sentences = Sentences()
    with textflix.connect(options.socket, timeout=600.0) as client:
        variants = ["".join(s for i, s in enumerate(REVIEW) if bits >> i & 1)
                    for bits in range(2**count)]
        table = dict(zip(variants, probabilities(client, variants, options.model)))

        def ours(method, samples=0, seed=0):
            answer = client.explain("".join(REVIEW), model=options.model, method=method,
                                    samples=samples, seed=seed, label=LABEL)
            return [f.weight for f in sorted(answer.features, key=lambda f: f.start)], answer

        exact, answer = ours("exact_lime")
        top = max(range(count), key=lambda i: abs(exact[i]))
        print(f"{count} sentences, p({LABEL}) = {answer.classification.scores[1].probability:.4f},"
              f" exact in {answer.evaluations} evaluations, R2 {answer.fidelity_r2:.3f}")
        print(f"{'samples':>8} {'textflix error':>15} {'other top':>10} {'lime error':>12}"
              f" {'other top':>10}")

        def error(weights):
            gap = max(abs(w - e) for w, e in zip(weights, exact)) / abs(exact[top])
            return gap, max(range(count), key=lambda i: abs(weights[i])) != top

        def predict(texts):
            return np.array([table[sentences.variant(text)] for text in texts])

        for samples in (50, 100, 300, 1000, 3000, 5000):
            mine = [error(ours("lime", samples, seed)[0]) for seed in range(SEEDS)]
            theirs = []
            for seed in range(SEEDS):
                explainer = LimeTextExplainer(
                    split_expression=r" ", bow=False, random_state=seed, mask_string="")
                found = lime_run(explainer, sentences.text, predict, samples, count)
                theirs.append(error([found.get(i, 0.0) for i in range(count)]))
            print(f"{samples:>8} {mean_of(mine)} {mean_of(theirs)}")


def mean_of(errors):
    gap = statistics.mean(e for e, _ in errors)
    flips = statistics.mean(f for _, f in errors)
    return f"{100 * gap:>13.1f} % {100 * flips:>8.0f} %"


def torch_predictor(folder, dtype, threads):
    import torch
    import transformers
    from safetensors.torch import load_file

    torch.set_num_threads(threads)
    folder = pathlib.Path(folder)
    settings = {}
    if (folder / "textflix.json").exists():
        settings = json.loads((folder / "textflix.json").read_text())
    base = (folder / settings["base"]).resolve() if "base" in settings else folder
    tokenizer = transformers.BertTokenizerFast.from_pretrained(base)
    kind = torch.bfloat16 if dtype == "bfloat16" else torch.float32
    if "head" in settings:
        encoder = transformers.BertModel.from_pretrained(base, add_pooling_layer=False).eval()
        head = load_file(folder / settings["head"])
        if "adapter" in settings:
            from peft import PeftModel
            encoder = PeftModel.from_pretrained(encoder, folder).merge_and_unload().eval()
    else:
        encoder = transformers.BertForSequenceClassification.from_pretrained(base).eval()
        head = None

    def logits_of(batch):
        if head is None:
            return encoder(**batch).logits.float()
        mask = batch["attention_mask"].unsqueeze(-1)
        hidden = encoder(**batch).last_hidden_state.float()
        pooled = (hidden * mask).sum(1) / mask.sum(1)
        return (pooled @ head["head.weight"].T + head["head.bias"]) / settings["temperature"]

    def predict(texts):
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        rows = np.zeros((len(texts), 2))
        with torch.inference_mode(), torch.autocast("cpu", kind, enabled=dtype == "bfloat16"):
            for first in range(0, len(order), 32):
                chosen = order[first:first + 32]
                batch = tokenizer([texts[i] for i in chosen], padding=True, truncation=True,
                                  max_length=settings.get("max_tokens", 512), return_tensors="pt")
                rows[chosen] = torch.softmax(logits_of(batch), -1).numpy()
        return rows

    return predict, len(tokenizer("".join(REVIEW))["input_ids"])


def show_time(options):
    predict, pieces = torch_predictor(options.folder, options.dtype, options.threads)
    sentences = Sentences()
    by_sentence = options.unit == "sentence"
    measured = options.measured or options.samples
    text = sentences.text if by_sentence else "".join(REVIEW)
    explainer = LimeTextExplainer(
        split_expression=r" " if by_sentence else r"\W+", bow=not by_sentence, random_state=1,
        mask_string="")
    scored = 0

    def counted(texts):
        nonlocal scored
        scored += len(texts)
        return predict([sentences.variant(t) for t in texts] if by_sentence else texts)

    counted([text])  # warm
    scored = 0
    start = time.monotonic()
    lime_run(explainer, text, counted, measured, 10)
    theirs = (time.monotonic() - start) * options.samples / measured
    scaled = "" if measured == options.samples else f", scaled from {measured} samples"
    print(f"{pieces} pieces, by {options.unit}, {options.samples} samples asked")
    print(f"lime + PyTorch {options.dtype}: {theirs:.2f} s, {scored} texts scored{scaled}")
    with textflix.connect(options.socket, timeout=3600.0) as client:
        whole = "".join(REVIEW)
        client.explain(whole, model=options.model, method="leave_one_out")  # warm
        for method in options.methods.split(","):
            samples = options.samples if method == "lime" else 0
            times = []
            for _ in range(options.repeats):
                start = time.monotonic()
                answer = client.explain(whole, model=options.model, method=method,
                                        unit=options.unit, samples=samples, label="", seed=1)
                times.append(time.monotonic() - start)
            mine = statistics.median(times)
            print(f"textflix {method}: {mine:.3f} s, {answer.evaluations} texts scored,"
                  f" R2 {answer.fidelity_r2:.3f}: {theirs / mine:.1f}x")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["error", "time"])
    parser.add_argument("socket")
    parser.add_argument("--model", default="")
    parser.add_argument("--folder")
    parser.add_argument("--unit", choices=["sentence", "word"], default="sentence")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--measured", type=int)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--methods", default="auto,lime,leave_one_out")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    if options.what == "time" and not options.folder:
        parser.error("time needs --folder")
    (show_error if options.what == "error" else show_time)(options)


if __name__ == "__main__":
    main()
