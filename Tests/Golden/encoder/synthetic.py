"""The values of Sources/Weights/Synthetic/SyntheticModel.swift, made again in numpy.

u(name, i) = top 24 bits of splitmix64(fnv1a64(name) + seed + i), as a number in [-1, 1); scale and
shift depend on the kind of tensor. All arithmetic is f32, as there, so both make the same bits.
"""

import numpy

# MPNet's names and the canonical ones, as in Sources/Weights/Models/ModelFamily.swift.
MPNET = [("attention.attn.q.", "attention.self.query."),
         ("attention.attn.k.", "attention.self.key."),
         ("attention.attn.v.", "attention.self.value."),
         ("attention.attn.o.", "attention.output.dense."),
         ("attention.LayerNorm.", "attention.output.LayerNorm."),
         ("classifier.dense.", "pooler.dense."), ("classifier.out_proj.", "classifier.")]
MASK = (1 << 64) - 1


def fnv1a(name):
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & MASK
    return state


def splitmix(state):
    """splitmix64 of an array of uint64."""
    state = state + numpy.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return state ^ (state >> numpy.uint64(31))


def canonical(name):
    """The canonical name of a tensor of either family."""
    for prefix in ("bert.", "mpnet."):
        name = name.removeprefix(prefix)
    for theirs, ours in MPNET:
        name = name.replace(theirs, ours)
    return name


def scale_and_shift(name, shape):
    if name.endswith("bias"):
        return 2.0 ** -4, 0
    if "LayerNorm" in name:
        return 2.0 ** -3, 1
    if "relative_attention_bias" in name:
        return 2, 0
    if "_embeddings" in name:
        return numpy.sqrt(3.0) / 16, 0
    return numpy.sqrt(3.0 / shape[1]), 0


def uniform(name, shape, seed=0):
    """u(name, i), float32."""
    count = int(numpy.prod(shape))
    start = numpy.uint64((fnv1a(name) + seed) & MASK)
    with numpy.errstate(over="ignore"):
        random = splitmix(start + numpy.arange(count, dtype=numpy.uint64)) >> numpy.uint64(40)
    unit = (random.astype(numpy.int64) - (1 << 23)).astype(numpy.float32) * numpy.float32(2 ** -23)
    return unit.reshape(shape)


def tensor(name, shape, seed=0):
    """The tensor of that canonical name, float32."""
    scale, shift = scale_and_shift(name, shape)
    return uniform(name, shape, seed) * numpy.float32(scale) + numpy.float32(shift)
