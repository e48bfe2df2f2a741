// AVX-512 F+BW+DQ+VL (Skylake server and later): rows, packing, the f32 product and attention.
#include "internal.h"
#if defined(__x86_64__)
#include <immintrin.h>

#define TF_ISA avx512
#define LANES 16

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c"))), \
    apply_to = function)
#include "bodies/vector.inc.h"
#include "bodies/functions.inc.h"
#include "bodies/rows.inc.h"
#include "bodies/bfloat16.inc.h"
#include "bodies/transpose.inc.h"
#include "bodies/pack.inc.h"
#include "bodies/learning.inc.h"

#define TILE_FN(name) TF_CAT3(name, f32, TF_ISA)
#define tile_vector vf
#define tile_a vf
#define tile_b vf
#define TILE_A(p) ((vf)((vu){0} + ((u32_memory *)(p))->v))
#define TILE_B(p) vf_load(p)
#define TILE_DOT(sum, a, b) vf_fma(a, b, sum)
#define TILE_ROWS 14
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
#pragma clang attribute pop

#define TF_AVX512_ROWS                                                                            \
    .pack = {tf_pack_f32_avx512, tf_pack_bf16_avx512, tf_pack_int8_avx512},                       \
    .pack_weights = {tf_pack_weights_f32_avx512, tf_pack_weights_bf16_avx512,                     \
                     tf_pack_weights_int8_avx512},                                                \
    .layer_norm = tf_layer_norm_avx512, .sum_rows = tf_sum_rows_avx512,                           \
    .softmax = tf_softmax_avx512, .activate = tf_activate_avx512,                                 \
    .read_memory = tf_read_memory_avx512, .learning = &tf_learning_avx512

const tf_kernels tf_kernels_avx512 = {
    .name = "avx512", TF_AVX512_ROWS,
    .panel_rows = {14, 12, 12},
    .part_units = 1024,
    .product = {tf_product_f32_avx512, tf_product_bf16_avx2, tf_product_int8_avx2},
    .attention = {tf_attention_f32_avx512, tf_attention_bf16_avx2},
    .peak = {tf_peak_f32_avx512, tf_peak_bf16_avx2, tf_peak_int8_avx2},
};
const tf_kernels tf_kernels_avx512vnni = {
    .name = "avx512vnni", TF_AVX512_ROWS,
    .panel_rows = {14, 12, 14},
    .part_units = 1024,
    .product = {tf_product_f32_avx512, tf_product_bf16_avx2, tf_product_int8_avx512vnni},
    .attention = {tf_attention_f32_avx512, tf_attention_bf16_avx2},
    .peak = {tf_peak_f32_avx512, tf_peak_bf16_avx2, tf_peak_int8_avx512vnni},
};
const tf_kernels tf_kernels_avx512bf16 = {
    .name = "avx512bf16", TF_AVX512_ROWS,
    .panel_rows = {14, 14, 14},
    .part_units = 1024,
    .product = {tf_product_f32_avx512, tf_product_bf16_avx512bf16, tf_product_int8_avx512vnni},
    .attention = {tf_attention_f32_avx512, tf_attention_bf16_avx512bf16},
    .peak = {tf_peak_f32_avx512, tf_peak_bf16_avx512bf16, tf_peak_int8_avx512vnni},
};
#endif
