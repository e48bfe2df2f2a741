"""A text classifier served the usual way: HTTP, FastAPI, uvicorn, one inference at a time.

Usage: PEER_ENGINE=openvino-int8 PEER_MODEL=DIR PEER_FORMS=DIR uvicorn peer_server:app
Run by deploy/bench/load.py. Engines and their forms are those of opponents.py. It tokenises with
Hugging Face's tokenizers and answers {"label", "probability", "compute_ns"}, the last being the
engine's own time. Requests wait for each other at a lock: the engine has all the processors, which
measured faster than several small engines.
"""

import os
import pathlib
import threading
import time

import numpy
from fastapi import FastAPI
from pydantic import BaseModel
from tokenizers import BertWordPieceTokenizer

import opponents

model = pathlib.Path(os.environ["PEER_MODEL"])
family, kind = os.environ["PEER_ENGINE"].split("-")
run = opponents.ENGINES[family](kind, model, pathlib.Path(os.environ["PEER_FORMS"]),
                                os.cpu_count())
tokenizer = BertWordPieceTokenizer(str(model / "vocab.txt"))
tokenizer.enable_truncation(512)
turn = threading.Lock()
app = FastAPI()


class Review(BaseModel):
    text: str


def logits_of(answer):
    """[C] of the one text, whatever form the engine's answer has."""
    values = answer[0] if isinstance(answer, list) else next(iter(answer.values()))
    return numpy.asarray(values)[0]


@app.post("/classify")
def classify(review: Review):
    ids = numpy.array([tokenizer.encode(review.text).ids], dtype=numpy.int64)
    with turn:
        start = time.perf_counter_ns()
        logits = logits_of(run(ids, numpy.ones_like(ids)))
        computed = time.perf_counter_ns() - start
    exponents = numpy.exp(logits - logits.max())
    probabilities = exponents / exponents.sum()
    best = int(probabilities.argmax())
    return {"label": str(best), "probability": float(probabilities[best]),
            "compute_ns": computed}
