// AVX2 + FMA + F16C (Haswell, Zen and later): all three precisions, none with a dot instruction.
// bf16 widens to floats by a shift; int8 widens to 16 bits, because the one-step
// `vpmaddubsw` would saturate.
#include "internal.h"
#if defined(__x86_64__)
#include <immintrin.h>

#define TF_ISA avx2
#define LANES 8

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#include "bodies/vector.inc.h"
#include "bodies/functions.inc.h"
#include "bodies/rows.inc.h"
#include "bodies/bfloat16.inc.h"
#include "bodies/transpose.inc.h"
#include "bodies/pack.inc.h"
#include "bodies/learning.inc.h"

typedef __m256i tf_broadcast;
INL __m256i tf_unit(const char *p) { return _mm256_set1_epi32((int32_t)((u32_memory *)p)->v); }

// f32
#define TILE_FN(name) TF_CAT3(name, f32, TF_ISA)
#define tile_vector vf
#define tile_a vf
#define tile_b vf
#define TILE_A(p) ((vf)tf_unit(p))
#define TILE_B(p) vf_load(p)
#define TILE_DOT(sum, a, b) vf_fma(a, b, sum)
#define TILE_ROWS 6
#define TILE_VECTORS 2
#define TILE_VALUES 1
#define PRODUCT_INT8 0
#define PRODUCT_EXACT true
#define ATTENTION_BF16 0
#include "bodies/tile.inc.h"
#include "bodies/epilogue.inc.h"
#include "bodies/product.inc.h"
#include "bodies/attention.inc.h"
#include "bodies/peak.inc.h"
#include "bodies/undefine.inc.h"

// bf16: the low value of a unit is the high half of a float after a shift; the high one is it
// already but for noise below, which is cleared.
typedef struct { vf low, high; } tf_bf16_pair;
INL tf_bf16_pair tf_widen_bf16(vu x) {
    return (tf_bf16_pair){(vf)(x << 16), (vf)(x & 0xffff0000u)};
}
#define TF_PAIR_BF16(x, y) (vf_bf16_bits(x) | vf_bf16_bits(y) << 16)
#define TILE_FN(name) TF_CAT3(name, bf16, TF_ISA)
#define tile_vector vf
#define tile_a tf_bf16_pair
#define tile_b tf_bf16_pair
#define TILE_A(p) tf_widen_bf16((vu)tf_unit(p))
#define TILE_B(p) tf_widen_bf16(vu_load(p))
#define TILE_DOT(sum, a, b) vf_fma((a).high, (b).high, vf_fma((a).low, (b).low, sum))
#define TILE_ROWS 4
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

// int8: even and odd bytes as 16-bit integers, u8 from `a` and s8 from `b`; each `vpmaddwd` adds
// two products of at most 255 * 127 in 32 bits, so nothing saturates.
typedef struct { __m256i even, odd; } tf_int8_halves;
INL tf_int8_halves tf_widen_u8(__m256i x) {
    return (tf_int8_halves){_mm256_and_si256(x, _mm256_set1_epi16(0xff)),
                            _mm256_srli_epi16(x, 8)};
}
INL tf_int8_halves tf_widen_s8(__m256i x) {
    return (tf_int8_halves){_mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8),
                            _mm256_srai_epi16(x, 8)};
}
#define TILE_FN(name) TF_CAT3(name, int8, TF_ISA)
#define tile_vector vi
#define tile_a tf_int8_halves
#define tile_b tf_int8_halves
#define TILE_A(p) tf_widen_u8(tf_unit(p))
#define TILE_B(p) tf_widen_s8((__m256i)vu_load(p))
#define TILE_DOT(sum, a, b)                                                                       \
    (sum + (vi)_mm256_madd_epi16((a).even, (b).even) + (vi)_mm256_madd_epi16((a).odd, (b).odd))
#define TILE_ROWS 4
#define TILE_VECTORS 2
#define TILE_VALUES 4
#define TILE_HALVES
#define PRODUCT_INT8 1
#define PRODUCT_EXACT false
#include "bodies/tile.inc.h"
#include "bodies/epilogue.inc.h"
#include "bodies/product.inc.h"
#include "bodies/peak.inc.h"
#include "bodies/undefine.inc.h"
#pragma clang attribute pop

const tf_kernels tf_kernels_avx2 = {
    .name = "avx2",
    .panel_rows = {12, 12, 12},
    .part_units = 512,
    .pack = {tf_pack_f32_avx2, tf_pack_bf16_avx2, tf_pack_int8_avx2},
    .pack_weights = {tf_pack_weights_f32_avx2, tf_pack_weights_bf16_avx2,
                     tf_pack_weights_int8_avx2},
    .product = {tf_product_f32_avx2, tf_product_bf16_avx2, tf_product_int8_avx2},
    .attention = {tf_attention_f32_avx2, tf_attention_bf16_avx2},
    .layer_norm = tf_layer_norm_avx2,
    .sum_rows = tf_sum_rows_avx2,
    .softmax = tf_softmax_avx2,
    .activate = tf_activate_avx2,
    .peak = {tf_peak_f32_avx2, tf_peak_bf16_avx2, tf_peak_int8_avx2},
    .read_memory = tf_read_memory_avx2, .learning = &tf_learning_avx2,
};
#endif
