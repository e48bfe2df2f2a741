// What happens to a finished tile of floats: bias, activation, residual, and the way out.
//
// A tile is [rows][32] floats in the first-level cache; out is row-major, float or bfloat16.
// Edges (the last panel of a matrix whose width is no multiple of 32) go through a padded row.
// Round to nearest even; a NaN stays one.
INL uint16_t tf_bf16_of(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

// Two vectors of bfloat16 bits in the low halves of 32-bit lanes.
INL vu vf_bf16_bits(vf x) {
    vu bits = (vu)x;
    vu rounded = (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
    vu nan = (vu)((bits & 0x7fffffffu) > 0x7f800000u);
    return (rounded & ~nan) | ((bits >> 16 | 0x40) & nan);
}

INL void vf_store_bf16(uint16_t *p, vf x) {
#if defined(TF_NATIVE_BF16)
    _mm256_storeu_si256((__m256i *)p, (__m256i)_mm512_cvtneps_pbh((__m512)x));
#else
    typedef uint16_t vh __attribute__((vector_size(LANES * 2), aligned(1), may_alias));
    *(vh *)p = __builtin_convertvector(vf_bf16_bits(x), vh);
#endif
}

// One row of a tile: columns 0..<count of it, count <= 32.
INL void tf_finish_row(const int epilogue, const bool exact, const float *tile, const float *bias,
                       void *out, int count) {
    float padded[TF_PANEL_COLUMNS];
    float *to = count == TF_PANEL_COLUMNS && epilogue != TF_STORE_BF16 ? (float *)out : padded;
    if (epilogue == TF_ADD && to == padded)
        for (int i = 0; i < TF_PANEL_COLUMNS; i++) padded[i] = i < count ? ((float *)out)[i] : 0;
    for (int i = 0; i < TF_PANEL_COLUMNS; i += LANES) {
        vf x = vf_load(tile + i) + vf_load(bias + i);
        if (epilogue == TF_ADD) x += vf_load(to + i);
        x = tf_activation(epilogue, exact, x);
        if (epilogue == TF_STORE_BF16 && count == TF_PANEL_COLUMNS)
            vf_store_bf16((uint16_t *)out + i, x);
        else
            vf_store(to + i, x);
    }
    if (count == TF_PANEL_COLUMNS) return;
    for (int i = 0; i < count; i++) {
        if (epilogue == TF_STORE_BF16)
            ((uint16_t *)out)[i] = tf_bf16_of(padded[i]);
        else
            ((float *)out)[i] = padded[i];
    }
}

INL void tf_finish_rows(const int epilogue, const bool exact, const float *tile, const float *bias,
                        char *out, int64_t row_bytes, int rows, int count) {
    if (count == TF_PANEL_COLUMNS) {
        for (int i = 0; i < rows; i++)
            tf_finish_row(epilogue, exact, tile + i * TF_PANEL_COLUMNS, bias,
                          out + i * row_bytes, TF_PANEL_COLUMNS);
    } else {
        for (int i = 0; i < rows; i++)
            tf_finish_row(epilogue, exact, tile + i * TF_PANEL_COLUMNS, bias,
                          out + i * row_bytes, count);
    }
}

// `out` points at the tile's first element; `bias` holds 32 floats.
INL void tf_finish(int epilogue, const bool exact, const float *tile, const float *bias, char *out,
                   int64_t row_bytes, int rows, int count) {
#define FINISH(E)                                                                                 \
    case E: tf_finish_rows(E, exact, tile, bias, out, row_bytes, rows, count); break;
    switch (epilogue) {
        FINISH(TF_STORE) FINISH(TF_ADD) FINISH(TF_GELU_ERF) FINISH(TF_GELU_TANH) FINISH(TF_RELU)
        FINISH(TF_TANH) FINISH(TF_STORE_BF16)
    }
#undef FINISH
}
