// What happens to a finished tile: integers to floats, bias, activation, residual, the way out.
//
// A tile is [rows][32] sums in the first-level cache; out is row-major, float or bfloat16. One pass
// for each vector of columns: what belongs to the columns stays in registers over all rows.
// Included after tile.inc.h, with PRODUCT_INT8 defined where sums are integers, and PRODUCT_EXACT
// where a float result deserves the exact GELU.

// Rows of one vector of columns. int8: (sum - zero[row] * column_sum) * scale[row] * column_scale;
// its integer part is exact, so every instruction set agrees bit for bit.
INL void TILE_FN(finish_columns)(const int epilogue, const tf_product *p, int first_row, int rows,
                                 int column, vf bias, const char *tile, char *out,
                                 int64_t row_bytes) {
#if PRODUCT_INT8
    const vi column_sum = (vi)vu_load(p->w.sum + column);
    const vf column_scale = vf_load(p->w.scale + column);
#else
    (void)p, (void)first_row, (void)column;
#endif
    for (int i = 0; i < rows; i++) {
#if PRODUCT_INT8
        vi sum = (vi)vu_load(tile) - ((vi){0} + p->a.zero[first_row + i]) * column_sum;
        vf x = vf_fma(vi_to_float(sum), vf_set(p->a.scale[first_row + i]) * column_scale, bias);
#else
        vf x = vf_load(tile) + bias;
#endif
        if (epilogue == TF_ADD) x += vf_load(out);
        x = tf_activation(epilogue, PRODUCT_EXACT, x);
        if (epilogue == TF_STORE_BF16)
            vf_store_bf16(out, x);
        else
            vf_store(out, x);
        tile += TF_PANEL_COLUMNS * 4;
        out += row_bytes;
    }
}

// The whole width of a panel; `out` points at the tile's first element.
INL void TILE_FN(finish_as)(const int epilogue, const tf_product *p, int first_row, int rows,
                            int first_column, const float *bias, const char *tile, char *out,
                            int64_t row_bytes) {
    const int size = epilogue == TF_STORE_BF16 ? 2 : 4;
    for (int c = 0; c < TF_PANEL_COLUMNS; c += LANES)
        TILE_FN(finish_columns)(epilogue, p, first_row, rows, first_column + c, vf_load(bias + c),
                                tile + c * 4, out + c * size, row_bytes);
}

static void TILE_FN(finish)(int epilogue, const tf_product *p, int first_row, int rows,
                            int first_column, const float *bias, const char *tile, char *out,
                            int64_t row_bytes) {
#define FINISH(E)                                                                                 \
    case E:                                                                                       \
        TILE_FN(finish_as)(E, p, first_row, rows, first_column, bias, tile, out, row_bytes);      \
        break;
    switch (epilogue) {
        FINISH(TF_STORE) FINISH(TF_ADD) FINISH(TF_GELU_ERF) FINISH(TF_GELU_TANH) FINISH(TF_RELU)
        FINISH(TF_TANH) FINISH(TF_STORE_BF16)
    }
#undef FINISH
}

// The last panel of a matrix whose width is no multiple of 32: by way of a tile of its own.
static void TILE_FN(finish_edge)(const tf_product *p, int first_row, int rows, int first_column,
                                 const float *bias, const char *tile, char *out,
                                 int64_t row_bytes) {
    float whole[TF_PANEL_ROWS_MAX][TF_PANEL_COLUMNS] = {{0}};
    const int count = p->w.columns - first_column;
    const bool half = p->epilogue == TF_STORE_BF16;
    for (int i = 0; p->epilogue == TF_ADD && i < rows; i++)
        __builtin_memcpy(whole[i], out + i * row_bytes, (size_t)count * 4);
    TILE_FN(finish)(half ? TF_STORE : p->epilogue, p, first_row, rows, first_column, bias, tile,
                    (char *)whole, sizeof whole[0]);
    for (int i = 0; i < rows; i++) {
        uint16_t rounded[TF_PANEL_COLUMNS];
        for (int c = 0; half && c < TF_PANEL_COLUMNS; c += LANES)
            vf_store_bf16(rounded + c, vf_load(whole[i] + c));
        __builtin_memcpy(out + i * row_bytes, half ? (void *)rounded : (void *)whole[i],
                         (size_t)count * (half ? 2 : 4));
    }
}
