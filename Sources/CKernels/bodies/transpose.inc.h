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
INL void tf_transpose(const tf_square *square, int rows, int units, uint32_t *to, int64_t step) {
    for (int u = 0; u < units; u++)
        for (int i = 0; i < rows; i++) to[u * step + i] = square->unit[i][u];
}
#endif
