// AVX-512 VNNI (Ice Lake, Zen 4 and later): the int8 product, four u8 x s8 a lane an instruction.
// 255 * 127 * K stays below 2^31 for K up to 66,311: the sums are exact.
#include "internal.h"
#if defined(__x86_64__)
#include <immintrin.h>

#define TF_ISA avx512vnni
#define LANES 16

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c"))), \
    apply_to = function)
#include "bodies/vector.inc.h"
#include "bodies/functions.inc.h"
#include "bodies/bfloat16.inc.h"

#define TILE_FN(name) TF_CAT3(name, int8, TF_ISA)
#define tile_vector vi
#define tile_a __m512i
#define tile_b __m512i
#define TILE_A(p) _mm512_set1_epi32((int32_t)((u32_memory *)(p))->v)
#define TILE_B(p) ((__m512i)vu_load(p))
#define TILE_DOT(sum, a, b) ((vi)_mm512_dpbusd_epi32((__m512i)(sum), a, b))
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define TILE_VALUES 4
#define PRODUCT_INT8 1
#define PRODUCT_EXACT false
#include "bodies/tile.inc.h"
#include "bodies/epilogue.inc.h"
#include "bodies/product.inc.h"
#include "bodies/peak.inc.h"
#include "bodies/undefine.inc.h"
#pragma clang attribute pop
#endif
