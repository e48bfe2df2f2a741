// The tile: C[rows x 32] = sum over units of A[unit][row] . B[unit][column], all in registers.
//
// Included once for each of f32, bf16 and int8, with these defined by the ISA file:
//   TILE_FN(name)   puts the types into the name
//   tile_vector     vector of accumulators, LANES of 32 bits
//   tile_a          a unit of A, broadcast (TILE_A(p) loads one)
//   tile_b          what a B vector becomes before it is multiplied (TILE_B(p) loads one)
//   TILE_DOT(acc, a, b)       acc + a . b
//   TILE_HALVES     where A is a pair `even`, `odd` whose products need no sum to be made
//   TILE_ROWS, TILE_VECTORS   accumulators are TILE_ROWS x TILE_VECTORS vectors: 14 x 2 of the
//                             32 AVX-512 registers, 6 x 2 or 4 x 2 of the 16 of AVX2
// One accumulator an element and units in rising order: the order of summation depends on K only.
//
// One unit step of 14 x 32 on AVX-512 is 28 dot products (14 cycles on two ports) against 14 + 2
// loads (8 cycles on two ports): the multipliers are the bound, if B is near. So every step also
// prefetches a little of `ahead`, which is the panel of B that comes next: over all row panels of
// a block just all of it.
INL void TILE_FN(tile_some)(const int rows, int64_t units, const char *a, int64_t a_step,
                            const char *b, const char *ahead, int64_t ahead_step, char *c) {
    tile_vector sum[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < TILE_VECTORS; v++) sum[i][v] = (tile_vector){0};
#pragma clang loop unroll_count(2)
    for (int64_t u = 0; u < units; u++) {
        __builtin_prefetch(ahead, 0, 2);
        tile_b column[TILE_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < TILE_VECTORS; v++) column[v] = TILE_B(b + v * LANES * 4);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            tile_a row = TILE_A(a + i * 4);
#pragma clang loop unroll(full)
            for (int v = 0; v < TILE_VECTORS; v++)
                sum[i][v] = TILE_DOT(sum[i][v], row, column[v]);
        }
        a += a_step;
        b += TF_PANEL_COLUMNS * TF_UNIT_BYTES;
        ahead += ahead_step;
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < TILE_VECTORS; v++)
            vu_store(c + i * TF_PANEL_COLUMNS * 4 + v * LANES * 4, (vu)sum[i][v]);
}

typedef void TILE_FN(tile_function)(int64_t, const char *, int64_t, const char *, const char *,
                                    int64_t, char *);
#define TILE_OF(R)                                                                                \
    static void TILE_FN(tile_##R)(int64_t units, const char *a, int64_t a_step, const char *b,    \
                                  const char *ahead, int64_t ahead_step, char *c) {               \
        TILE_FN(tile_some)(R, units, a, a_step, b, ahead, ahead_step, c);                         \
    }
TILE_OF(1) TILE_OF(2) TILE_OF(3) TILE_OF(4)
#if TILE_ROWS > 4
TILE_OF(5) TILE_OF(6)
#endif
#if TILE_ROWS > 6
TILE_OF(7) TILE_OF(8) TILE_OF(9) TILE_OF(10) TILE_OF(11) TILE_OF(12) TILE_OF(13) TILE_OF(14)
#endif
#undef TILE_OF

static TILE_FN(tile_function) *const TILE_FN(tile_of_rows)[TILE_ROWS + 1] = {
    NULL, TILE_FN(tile_1), TILE_FN(tile_2), TILE_FN(tile_3), TILE_FN(tile_4),
#if TILE_ROWS > 4
    TILE_FN(tile_5), TILE_FN(tile_6),
#endif
#if TILE_ROWS > 6
    TILE_FN(tile_7), TILE_FN(tile_8), TILE_FN(tile_9), TILE_FN(tile_10), TILE_FN(tile_11),
    TILE_FN(tile_12), TILE_FN(tile_13), TILE_FN(tile_14),
#endif
};

// C[rows x 32] of up to TF_PANEL_ROWS_MAX rows; `a` steps a_step bytes a unit, rows are 4 apart.
INL void TILE_FN(tile)(int rows, int64_t units, const char *a, int64_t a_step, const char *b,
                       const char *ahead, int64_t ahead_step, char *c) {
    for (int column = 0; column < TF_PANEL_COLUMNS; column += TILE_VECTORS * LANES)
        for (int row = 0; row < rows; row += TILE_ROWS) {
            int some = rows - row < TILE_ROWS ? rows - row : TILE_ROWS;
            TILE_FN(tile_of_rows)[some](units, a + row * 4, a_step, b + column * 4, ahead,
                                        ahead_step, c + (row * TF_PANEL_COLUMNS + column) * 4);
        }
}
