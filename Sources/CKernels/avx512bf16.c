// AVX-512 BF16 (Cooper Lake, Sapphire Rapids, Zen 4 and later): product and attention in
// bfloat16 with float sums, two products a lane an instruction.
#include "internal.h"
#if defined(__x86_64__)
#include <immintrin.h>

#define TF_ISA avx512bf16
#define LANES 16

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c"))), \
    apply_to = function)
#define TF_NATIVE_BF16
#include "bodies/vector.inc.h"
#include "bodies/functions.inc.h"
#include "bodies/bfloat16.inc.h"
#include "bodies/transpose.inc.h"

// Two vectors of floats as pairs, x low and y high, rounded to nearest even.
INL vu tf_pair_bf16(vf x, vf y) {
    typedef uint16_t half __attribute__((vector_size(LANES * 4)));
    half parted = (half)_mm512_cvtne2ps_pbh((__m512)y, (__m512)x); // all of x, then all of y
    return (vu)__builtin_shufflevector(parted, parted, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6,
                                       22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14,
                                       30, 15, 31);
}
#define TF_PAIR_BF16(x, y) tf_pair_bf16(x, y)
#define TILE_FN(name) TF_CAT3(name, bf16, TF_ISA)
#define tile_vector vf
#define tile_a __m512bh
#define tile_b __m512bh
#define TILE_A(p) ((__m512bh)_mm512_set1_epi32((int32_t)((u32_memory *)(p))->v))
#define TILE_B(p) ((__m512bh)vu_load(p))
#define TILE_DOT(sum, a, b) ((vf)_mm512_dpbf16_ps((__m512)(sum), a, b))
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define TILE_VALUES 2
#define PRODUCT_INT8 0
#define PRODUCT_EXACT false
#define ATTENTION_BF16 1
#include "bodies/tile.inc.h"
#include "bodies/epilogue.inc.h"
#include "bodies/product.inc.h"
#include "bodies/attention.inc.h"
#include "bodies/peak.inc.h"
#include "bodies/undefine.inc.h"
#pragma clang attribute pop
#endif
