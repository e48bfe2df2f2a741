#!/usr/bin/env python3
"""Fits the small sentiment head that stands in sentiment-minilm/, and measures it.

The base model is frozen: a review becomes the mean of its last hidden states (all tokens, [CLS]
and [SEP] too), and one linear layer over that decides. Nothing here sees a label of the test file
before the last step; its texts serve once more, to drop training reviews that equal one of them.

1. Embed: the tokens of a review are cut to --tokens as the daemon does it ("headAndTail": a
   quarter from the start, the rest from the end), float32, texts of like length together.
2. Fit: standardise, logistic regression (L2), C by 5-fold cross-validated log loss on the training
   part; the standardisation is folded into the weights. Films are not told apart, so the folds
   share some: the score of the test file, whose films are others, is the one to quote.
3. Temperature: by log loss on the out-of-fold logits of the chosen C.
4. Measure: accuracy, ECE (15 equal bins), Brier score on the test file.

Usage: fit_head.py --base DIR --train FILE --test FILE --out DIR --cache DIR [--tokens N]
Needs torch, transformers, tokenizers, scikit-learn, safetensors (fitted with torch 2.15,
transformers 5.23, scikit-learn 1.9). DIR of --base holds config.json, model.safetensors and
tokenizer.json, as get-model lays it down. Embeddings are kept in --cache.
"""

import argparse
import gzip
import json
import pathlib

import numpy
import torch
from safetensors.numpy import save_file
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.preprocessing import StandardScaler
from tokenizers import Tokenizer
from transformers import AutoModel

LABELS = ["negative", "positive"]
STRENGTHS = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1]  # candidates for C
BATCH_TOKENS = 4096


def read_reviews(path):
    """[(text, 0 or 1)] of a gzipped JSON-lines file; lines end at "\\n" only."""
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        rows = [json.loads(line) for line in file]
    return [(row["text"], LABELS.index(named(row["label"]))) for row in rows]


def named(label):
    """The data writes labels as words or as 0 and 1."""
    return {"neg": "negative", "pos": "positive", "0": "negative", "1": "positive"}.get(
        str(label), str(label))


def cut(ids, limit):
    """As the daemon does it: limit / 4 pieces from the start, the others from the end."""
    if len(ids) <= limit:
        return ids
    room, head = limit - 2, limit // 4  # without [CLS] and [SEP]
    inner = ids[1:-1]
    return ids[:1] + inner[:head] + inner[len(inner) - (room - head):] + ids[-1:]


def embed(base, texts, limit):
    """Mean-pooled hidden states, [texts, H]."""
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    model = AutoModel.from_pretrained(base, local_files_only=True).eval()
    rows = [cut(encoding.ids, limit) for encoding in tokenizer.encode_batch(texts)]
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    result = numpy.zeros((len(rows), model.config.hidden_size), numpy.float32)
    position = 0
    while position < len(order):
        count = max(1, BATCH_TOKENS // len(rows[order[min(position + 15, len(order) - 1)]]))
        batch = order[position:position + count]
        result[batch] = pooled(model, [rows[index] for index in batch])
        position += count
        if position // 512 != (position - count) // 512:
            print(f"embedded {position} of {len(order)}", flush=True)
    return result


def pooled(model, rows):
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    with torch.inference_mode():
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    weights = mask[:, :, None].float()
    return ((hidden * weights).sum(1) / weights.sum(1)).numpy()


def embedded(arguments, name, texts):
    """`embed`, kept in a file of the cache folder."""
    kept = arguments.cache / f"{name}-{len(texts)}-{arguments.tokens}.npy"
    if not kept.exists():
        numpy.save(kept, embed(arguments.base, texts, arguments.tokens))
    return numpy.load(kept)


def log_loss(logits, labels):
    """Mean negative log-likelihood of labels 0 and 1 under sigmoid(logits)."""
    return float(numpy.logaddexp(0, numpy.where(labels == 1, -logits, logits)).mean())


def fit(features, labels):
    """-> (weights [H] and bias of the positive logit, temperature, C), all by the training part."""
    scaler = StandardScaler().fit(features)
    scaled = scaler.transform(features)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    out_of_fold = {}
    for strength in STRENGTHS:
        candidate = LogisticRegression(C=strength, max_iter=2000)
        out_of_fold[strength] = cross_val_predict(
            candidate, scaled, labels, cv=folds, method="decision_function")
        accuracy = ((out_of_fold[strength] > 0) == labels).mean()
        print(f"C {strength}: out-of-fold accuracy {accuracy:.4f},"
              f" log loss {log_loss(out_of_fold[strength], labels):.4f}", flush=True)
    best = min(STRENGTHS, key=lambda strength: log_loss(out_of_fold[strength], labels))
    chosen = LogisticRegression(C=best, max_iter=2000).fit(scaled, labels)
    temperature = minimize_scalar(lambda value: log_loss(out_of_fold[best] / value, labels),
                                  bounds=(0.5, 2), method="bounded").x
    weights = chosen.coef_[0] / scaler.scale_
    bias = chosen.intercept_[0] - weights @ scaler.mean_
    return weights, bias, float(temperature), best


def calibration_error(probabilities, labels, bins=15):
    """ECE of the positive probability's decision: equal bins of the top probability."""
    top = numpy.maximum(probabilities, 1 - probabilities)
    right = (probabilities > 0.5) == labels
    index = numpy.minimum((top * bins).astype(int), bins - 1)
    return sum(abs(top[index == each].mean() - right[index == each].mean())
               * (index == each).mean() for each in range(bins) if (index == each).any())


def write_model(folder, weights, bias, temperature, tokens):
    """The binary logit, split evenly over two rows: their softmax is its sigmoid."""
    save_file({"head.weight": numpy.stack([-weights, weights]).astype(numpy.float32) / 2,
               "head.bias": numpy.array([-bias, bias], numpy.float32) / 2},
              folder / "head.safetensors")
    settings = {
        "base": "../minilm", "head": "head.safetensors", "labels": LABELS, "pooling": "mean",
        "temperature": round(temperature, 4), "truncation": "head_and_tail", "max_tokens": tokens,
        "provenance": {"data": "IMDB training reviews (Maas et al. 2011)", "by": "fit_head.py"},
    }
    (folder / "textflix.json").write_text(json.dumps(settings, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    for name in ("base", "train", "test", "out", "cache"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--tokens", type=int, default=256)
    arguments = parser.parse_args()
    for folder in (arguments.cache, arguments.out):
        folder.mkdir(parents=True, exist_ok=True)
    test = read_reviews(arguments.test)
    held_out = {text for text, _ in test}
    train = [row for row in read_reviews(arguments.train) if row[0] not in held_out]
    print(f"{len(train)} training reviews, {len(test)} test reviews")
    features = embedded(arguments, "train", [text for text, _ in train])
    labels = numpy.array([label for _, label in train])
    weights, bias, temperature, strength = fit(features, labels)
    write_model(arguments.out, weights, bias, temperature, arguments.tokens)

    logits = embedded(arguments, "test", [text for text, _ in test]) @ weights + bias
    labels = numpy.array([label for _, label in test])
    probabilities = 1 / (1 + numpy.exp(-logits / temperature))
    accuracy = ((logits > 0) == labels).mean()
    print(f"C {strength}, temperature {temperature:.4f}; test: accuracy {accuracy:.4f}, ECE"
          f" {calibration_error(probabilities, labels):.4f}, Brier"
          f" {((probabilities - labels) ** 2).mean():.4f}, log loss"
          f" {log_loss(logits / temperature, labels):.4f}")


if __name__ == "__main__":
    main()
