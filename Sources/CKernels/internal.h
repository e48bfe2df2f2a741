// What the files of this folder share: the tables that the dispatcher lists, and the scalar
// kernels' rounding to bf16.
#pragma once
#include "include/kernels.h"
#include <math.h>

// Round to nearest even; a NaN stays one.
static inline uint16_t bf16_of(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

extern const tf_kernels tf_kernels_scalar;
extern const tf_learning tf_learning_scalar;
#if defined(__x86_64__)
void tf_product_bf16_avx512bf16(const tf_product *);
void tf_attention_bf16_avx512bf16(const tf_attention *);
double tf_peak_bf16_avx512bf16(int64_t);
void tf_product_int8_avx512vnni(const tf_product *);
double tf_peak_int8_avx512vnni(int64_t);
void tf_product_bf16_avx2(const tf_product *);
void tf_product_int8_avx2(const tf_product *);
void tf_attention_bf16_avx2(const tf_attention *);
double tf_peak_bf16_avx2(int64_t);
double tf_peak_int8_avx2(int64_t);
extern const tf_learning tf_learning_avx2, tf_learning_avx512;
extern const tf_kernels tf_kernels_avx2, tf_kernels_avx512, tf_kernels_avx512vnni,
    tf_kernels_avx512bf16;
#endif
