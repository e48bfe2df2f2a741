// Floats to bfloat16.
// Round to nearest even; a NaN that arithmetic makes has clear low bits and stays one.
INL vu vf_bf16_bits(vf x) {
    vu bits = (vu)x;
    return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
}

INL void vf_store_bf16(void *p, vf x) {
#if defined(TF_NATIVE_BF16)
    _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh((__m512)x));
#else
    typedef uint16_t vh __attribute__((vector_size(LANES * 2), aligned(1), may_alias));
    *(vh *)p = __builtin_convertvector(vf_bf16_bits(x), vh);
#endif
}
