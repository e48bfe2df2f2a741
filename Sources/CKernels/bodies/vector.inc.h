// Vectors of LANES floats or 32-bit integers, in the compiler's own vector types, so that one
// body serves every instruction set. Loads and stores are unaligned and may alias anything.
// Not here: instructions that have no portable form (dot products); those are in the ISA files.
#ifndef LANES
#error "an ISA file defines LANES first"
#endif
#define INL static inline __attribute__((always_inline))
#define TF_CAT2(a, b) a##_##b
#define TF_CAT(a, b) TF_CAT2(a, b)
#define TF_CAT3B(a, b, c) a##_##b##_##c
#define TF_CAT3(a, b, c) TF_CAT3B(a, b, c)
#define TF_FN(op) TF_CAT(op, TF_ISA)

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));
typedef uint32_t vu __attribute__((vector_size(LANES * 4)));
typedef struct { vf v; } __attribute__((packed, may_alias, aligned(1))) vf_memory;
typedef struct { vu v; } __attribute__((packed, may_alias, aligned(1))) vu_memory;
typedef struct { uint32_t v; } __attribute__((packed, may_alias, aligned(1))) u32_memory;

INL vf vf_load(const void *p) { return ((const vf_memory *)p)->v; }
INL void vf_store(void *p, vf v) { ((vf_memory *)p)->v = v; }
INL vu vu_load(const void *p) { return ((const vu_memory *)p)->v; }
INL void vu_store(void *p, vu v) { ((vu_memory *)p)->v = v; }
INL vf vf_set(float x) { return (vf){0} + x; }
INL vf vf_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
// If b is NaN the result is NaN; pass the operand that may be NaN second.
#if LANES == 16
INL vf vf_max(vf a, vf b) { return (vf)_mm512_max_ps((__m512)a, (__m512)b); }
INL vf vf_min(vf a, vf b) { return (vf)_mm512_min_ps((__m512)a, (__m512)b); }
#else
INL vf vf_max(vf a, vf b) { return (vf)_mm256_max_ps((__m256)a, (__m256)b); }
INL vf vf_min(vf a, vf b) { return (vf)_mm256_min_ps((__m256)a, (__m256)b); }
#endif
INL vf vf_abs(vf a) { return (vf)((vu)a & 0x7fffffffu); }
INL vf vf_round(vf a) { return __builtin_elementwise_rint(a); }
INL vi vf_to_int(vf a) { return __builtin_convertvector(a, vi); }
INL vf vi_to_float(vi a) { return __builtin_convertvector(a, vf); }

// The first `count` (at most LANES) floats, zeros after them.
#if LANES == 16
INL vf vf_load_some(const float *p, int64_t count) {
    return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}

INL void vf_store_some(float *p, vf v, int64_t count) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
}
#else
INL vf vf_load_some(const float *p, int64_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return (vf)_mm256_maskload_ps(p, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lane));
}

// The first `count` (at most 4) floats.
INL void vf_store_half(float *p, __m128 v, int64_t count) {
    if (count >= 4) {
        _mm_storeu_ps(p, v);
        return;
    }
    if (count & 2) {
        _mm_storel_pi((__m64 *)p, v);
        v = _mm_movehl_ps(v, v);
        p += 2;
    }
    if (count & 1) _mm_store_ss(p, v);
}

INL void vf_store_some(float *p, vf v, int64_t count) {
    vf_store_half(p, _mm256_castps256_ps128((__m256)v), count);
    if (count > 4) vf_store_half(p + 4, _mm256_extractf128_ps((__m256)v, 1), count - 4);
}
#endif

// The first `count` lanes, zeros after them.
INL vf vf_first(vf v, int64_t count) {
    float lane[LANES];
    vf_store(lane, v);
    return vf_load_some(lane, count);
}

// Pairwise by halves: the order is fixed, so the sum of a row is too.
INL float vf_sum(vf v) {
    float lane[LANES];
    vf_store(lane, v);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) lane[i] += lane[i + half];
    return lane[0];
}

INL float vf_highest(vf v) {
    float lane[LANES];
    vf_store(lane, v);
    float best = lane[0];
    for (int i = 1; i < LANES; i++) best = lane[i] > best ? lane[i] : best;
    return best;
}
