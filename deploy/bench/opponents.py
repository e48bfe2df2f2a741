#!/usr/bin/env python3
"""Runs other engines over the workloads of `textflix-bench encoder`, one engine a process.

Usage: opponents.py prepare MODEL WORK          makes the engines' own forms of the model in WORK
       opponents.py run ENGINE MODEL WORK [--workloads A,B] [--seconds N] [--threads N]
       opponents.py lengths                     prints the mixed lengths, to compare with ours

Engines: torch-f32, torch-bf16, ort-f32, ort-int8, openvino-f32, openvino-bf16, openvino-int8,
ct2-f32, ct2-int8. MODEL is a model folder (config.json, model.safetensors, vocab.txt).
Written with torch 2.15, transformers 5.23, onnx, onnxruntime, openvino and ctranslate2.

Every engine gets its best honest settings: the same number of threads, no padding where all texts
of a batch are equally long, batches of 8 sorted by length and also one by one on mixed lengths.
Only real tokens count. OpenVINO's int8 model is statically quantised (QDQ, per channel, calibrated
on other random texts), onnxruntime's and CTranslate2's dynamically, as each recommends.
It does not judge answers: weights may be random.
"""

import argparse
import json
import math
import pathlib
import statistics
import sys
import time

VOCABULARY = 30522
WORKLOADS = ("1x16", "1x128", "1x512", "32x128", "8x512", "mixed", "mixed-single")


def mixed_lengths():
    """64 lengths as reviews have them: log-normal, median 230; see Workload.swift."""
    state, lengths = 20180701, []
    for _ in range(64):
        normal = -6.0
        for _ in range(12):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            normal += (state >> 33) / 2**31
        lengths.append(min(512, max(16, int(230 * math.exp(0.7 * normal)))))
    return lengths


def batches_of(name):
    """A list of batches, each a list of lengths."""
    if name == "mixed":
        lengths = sorted(mixed_lengths())
        return [lengths[i:i + 8] for i in range(0, 64, 8)]
    if name == "mixed-single":
        return [[n] for n in mixed_lengths()]
    texts, tokens = map(int, name.split("x"))
    return [[tokens] * texts]


def ids_of(batch):
    """Padded ids and mask of one batch, as numpy arrays [texts, longest]."""
    import numpy
    longest = max(batch)
    ids = numpy.zeros((len(batch), longest), dtype=numpy.int64)
    mask = numpy.zeros_like(ids)
    for row, length in enumerate(batch):
        ids[row, :length] = [(i * 7919 + row * 31 + 1) % VOCABULARY for i in range(length)]
        mask[row, :length] = 1
    return ids, mask


def load_torch(model, dtype):
    import torch
    from transformers import BertForSequenceClassification
    return BertForSequenceClassification.from_pretrained(model, dtype=dtype).eval(), torch


def prepare(model, work):
    """ONNX in f32 and int8 (dynamic, static), CTranslate2 in f32 and int8."""
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "f32.onnx").exists():
        export_onnx(model, work / "f32.onnx")
    if not (work / "dynamic.onnx").exists():
        from onnxruntime.quantization import QuantType, quantize_dynamic
        quantize_dynamic(work / "f32.onnx", work / "dynamic.onnx", per_channel=True,
                         weight_type=QuantType.QInt8, use_external_data_format=True,
                         op_types_to_quantize=["MatMul", "Gemm"])
    if not (work / "static.onnx").exists():
        quantise_statically(work)
    for kind in ("float32", "int8"):
        if not (work / f"ct2-{kind}").exists():
            import transformers
            from ctranslate2.converters import TransformersConverter
            # The converter asks for an attribute that newer configurations no longer have.
            transformers.BertConfig.position_embedding_type = "absolute"
            converter = TransformersConverter(str(model))
            converter.convert(str(work / f"ct2-{kind}"), quantization=kind)


def export_onnx(model, path):
    network, torch = load_torch(model, "float32")
    ids = torch.ones((2, 16), dtype=torch.int64)
    axes = {0: "texts", 1: "tokens"}
    torch.onnx.export(network, (ids, ids), str(path), dynamo=False, opset_version=17,
                      input_names=["input_ids", "attention_mask"], output_names=["logits"],
                      dynamic_axes={"input_ids": axes, "attention_mask": axes})


def quantise_statically(work):
    from onnxruntime.quantization import (CalibrationDataReader, QuantFormat, QuantType,
                                          quantize_static)

    class Texts(CalibrationDataReader):
        def __init__(self):
            self.left = [[128] * 2, [256], [64] * 4]

        def get_next(self):
            if not self.left:
                return None
            ids, mask = ids_of(self.left.pop())
            return {"input_ids": (ids * 31 + 7) % VOCABULARY, "attention_mask": mask}

    quantize_static(work / "f32.onnx", work / "static.onnx", Texts(), per_channel=True,
                    quant_format=QuantFormat.QDQ, weight_type=QuantType.QInt8,
                    activation_type=QuantType.QUInt8, use_external_data_format=True,
                    op_types_to_quantize=["MatMul", "Gemm"])


def torch_engine(kind, model, _, threads):
    network, torch = load_torch(model, {"f32": "float32", "bf16": "bfloat16"}[kind])
    torch.set_num_threads(threads)

    def run(ids, mask):
        with torch.inference_mode():
            network(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
    return run


def ort_engine(kind, _, work, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    path = work / {"f32": "f32.onnx", "int8": "dynamic.onnx"}[kind]
    session = onnxruntime.InferenceSession(str(path), options,
                                           providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})


def openvino_engine(kind, _, work, threads):
    import openvino
    path = work / ("static.onnx" if kind == "int8" else "f32.onnx")
    model = openvino.Core().compile_model(str(path), "CPU", {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if kind == "bf16" else "f32"})
    request = model.create_infer_request()
    return lambda ids, mask: request.infer({"input_ids": ids, "attention_mask": mask})


def ct2_engine(kind, _, work, threads):
    import ctranslate2
    name = {"f32": "float32", "int8": "int8"}[kind]
    encoder = ctranslate2.Encoder(str(work / f"ct2-{name}"), device="cpu", compute_type=name,
                                  intra_threads=threads, inter_threads=1)

    def run(ids, mask):
        lengths = mask.sum(axis=1)
        encoder.forward_batch([row[:n].tolist() for row, n in zip(ids, lengths)])
    return run


ENGINES = {"torch": torch_engine, "ort": ort_engine, "openvino": openvino_engine,
           "ct2": ct2_engine}


def private_megabytes():
    with open("/proc/self/status", encoding="ascii") as lines:
        sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes["RssAnon"].split()[0]) * 1024 / 1e6


def measure(run, name, seconds):
    """Milliseconds of the median of three rounds or more; of one where it takes very long."""
    batches = [ids_of(batch) for batch in batches_of(name)]

    def round_of():
        for ids, mask in batches:
            run(ids, mask)
    round_of()
    rounds = []
    while sum(rounds) < seconds or len(rounds) < 3 and sum(rounds) < 5 * seconds:
        start = time.monotonic()
        round_of()
        rounds.append(time.monotonic() - start)
    return statistics.median(rounds) * 1000


def run_engine(arguments):
    family, kind = arguments.engine.split("-")
    start = time.monotonic()
    run = ENGINES[family](kind, arguments.model, arguments.work, arguments.threads)
    result = {"engine": arguments.engine, "load_seconds": round(time.monotonic() - start, 2),
              "workloads": []}
    for name in arguments.workloads.split(","):
        milliseconds = measure(run, name, arguments.seconds)
        tokens = sum(map(sum, batches_of(name)))
        result["workloads"].append({"name": name, "milliseconds": round(milliseconds, 2),
                                    "tokens_per_second": round(tokens / milliseconds * 1000)})
    result["private_mb"] = round(private_megabytes(), 1)
    json.dump(result, sys.stdout)
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("lengths")
    for verb in ("prepare", "run"):
        sub = verbs.add_parser(verb)
        if verb == "run":
            sub.add_argument("engine")
        sub.add_argument("model", type=pathlib.Path)
        sub.add_argument("work", type=pathlib.Path)
        if verb == "run":
            sub.add_argument("--workloads", default=",".join(WORKLOADS))
            sub.add_argument("--seconds", type=float, default=4)
            sub.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.verb == "lengths":
        print(*mixed_lengths())
    elif arguments.verb == "prepare":
        prepare(arguments.model, arguments.work)
    else:
        run_engine(arguments)


if __name__ == "__main__":
    main()
