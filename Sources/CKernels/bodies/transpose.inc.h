// Transposing a square of 16 x 16 units: rows of a matrix become columns of a panel.
// It writes only what is live, so that two threads may fill neighbouring panels.
typedef struct { uint32_t unit[16][16]; } __attribute__((aligned(64))) tf_square;

// to[u * step + i] = square[i][u] for i < rows, u < units.
INL void tf_transpose(const tf_square *square, int rows, int units, uint32_t *to, int64_t step);

#if LANES == 16
// Four rounds of the perfect shuffle (interleave row i with row i + 8) transpose 16 x 16.
INL void tf_transpose(const tf_square *square, int rows, int units, uint32_t *to, int64_t step) {
    vu x[16], y[16];
    for (int i = 0; i < 16; i++) x[i] = vu_load(square->unit[i]);
#pragma clang loop unroll(full)
    for (int round = 0; round < 4; round++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 8; i++) {
            y[2 * i] = __builtin_shufflevector(x[i], x[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20,
                                               5, 21, 6, 22, 7, 23);
            y[2 * i + 1] = __builtin_shufflevector(x[i], x[i + 8], 8, 24, 9, 25, 10, 26, 11, 27,
                                                   12, 28, 13, 29, 14, 30, 15, 31);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) x[i] = y[i];
    }
    const __mmask16 live = (__mmask16)((1u << rows) - 1);
#pragma clang loop unroll(full)
    for (int u = 0; u < 16; u++)
        if (u < units) _mm512_mask_storeu_epi32(to + u * step, live, (__m512i)x[u]);
}
#else
// 4 rows x 8 units: each half of a vector is a 4 x 4 that is transposed like the other.
INL void tf_transpose_rows(const uint32_t (*unit)[16], int first, int rows, int units,
                           float *to, int64_t step) {
    vf x[4], y[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) x[i] = vf_load(unit[i] + first);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i += 2) {
        y[i] = (vf)_mm256_unpacklo_ps((__m256)x[i], (__m256)x[i + 1]);
        y[i + 1] = (vf)_mm256_unpackhi_ps((__m256)x[i], (__m256)x[i + 1]);
    }
#pragma clang loop unroll(full)
    for (int u = 0; u < 4; u++) {
        const __m256d low = (__m256d)y[u / 2], high = (__m256d)y[u / 2 + 2];
        const __m256 column = (__m256)(u % 2 ? _mm256_unpackhi_pd(low, high)
                                             : _mm256_unpacklo_pd(low, high));
        if (u < units) vf_store_half(to + u * step, _mm256_castps256_ps128(column), rows);
        if (u + 4 < units)
            vf_store_half(to + (u + 4) * step, _mm256_extractf128_ps(column, 1), rows);
    }
}

INL void tf_transpose(const tf_square *square, int rows, int units, uint32_t *to, int64_t step) {
    for (int row = 0; row < rows; row += 4)
        for (int first = 0; first < units; first += 8) {
            float *corner = (float *)to + first * step + row;
            if (rows - row >= 4 && units - first >= 8)
                tf_transpose_rows(square->unit + row, first, 4, 8, corner, step);
            else
                tf_transpose_rows(square->unit + row, first, rows - row, units - first, corner,
                                  step);
        }
}
#endif
