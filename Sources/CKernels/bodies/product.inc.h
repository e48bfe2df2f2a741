// The product of packed activations and packed weights: loops over tiles, then the epilogue.
//
// Order: for each panel of 32 columns, all row panels. So a panel of weights comes from memory
// once, is prefetched into the second-level cache while the panel before it is at work, and is
// read rows / 14 times from there; the block of activations stays in the second-level cache
// (96 rows x 1024 int8 = 96 KB, x 4096 = 384 KB, of 1 MB).
//
// Included after tile.inc.h, with PRODUCT_INT8 defined where accumulators are integers and
// PRODUCT_EXACT where the float result deserves the exact GELU.

// Integers to floats: out = (sum - zero[row] * column_sum) * scale[row] * column_scale. The
// integer part is exact, so every instruction set agrees bit for bit.
#if PRODUCT_INT8
INL void TILE_FN(dequantise)(const tf_product *p, int first_row, int rows, int first_column,
                             char *tile) {
    for (int i = 0; i < rows; i++) {
        vi zero = (vi){0} + p->a.zero[first_row + i];
        vf scale = vf_set(p->a.scale[first_row + i]);
        for (int c = 0; c < TF_PANEL_COLUMNS; c += LANES) {
            char *at = tile + (i * TF_PANEL_COLUMNS + c) * 4;
            vi sum = (vi)vu_load(at) - zero * (vi)vu_load(p->w.sum + first_column + c);
            vf_store(at, vi_to_float(sum) * (scale * vf_load(p->w.scale + first_column + c)));
        }
    }
}
#endif

void TILE_FN(tf_product)(const tf_product *p) {
    _Alignas(64) char tile[TF_PANEL_ROWS_MAX * TF_PANEL_COLUMNS * 4];
    const int64_t units = p->a.units, height = p->a.panel_rows;
    const int64_t panel_bytes = units * TF_PANEL_COLUMNS * TF_UNIT_BYTES;
    const int64_t panels = (p->a.rows + height - 1) / height;
    const int64_t ahead_step = (TF_PANEL_COLUMNS * TF_UNIT_BYTES + panels - 1) / panels;
    const int64_t size = p->epilogue == TF_STORE_BF16 ? 2 : 4;
    for (int j = p->first_panel; j < p->end_panel; j++) {
        const char *b = (const char *)p->w.panels + j * panel_bytes;
        const char *next = j + 1 < p->end_panel ? b + panel_bytes : b;
        const int first = j * TF_PANEL_COLUMNS;
        const int count = p->w.columns - first < TF_PANEL_COLUMNS ? p->w.columns - first
                                                                  : TF_PANEL_COLUMNS;
        float bias[TF_PANEL_COLUMNS] = {0};
        if (p->bias)
            for (int i = 0; i < count; i++) bias[i] = p->bias[first + i];
        for (int64_t row = 0; row < p->a.rows; row += height) {
            const int rows = (int)(p->a.rows - row < height ? p->a.rows - row : height);
            TILE_FN(tile)(rows, units, (const char *)p->a.panels + row * units * TF_UNIT_BYTES,
                          height * TF_UNIT_BYTES, b, next + row / height * units * ahead_step,
                          ahead_step, tile);
#if PRODUCT_INT8
            TILE_FN(dequantise)(p, (int)row, rows, first, tile);
#endif
            tf_finish(p->epilogue, PRODUCT_EXACT, (const float *)tile, bias,
                      (char *)p->out + (row * p->out_stride + first) * size, p->out_stride * size,
                      rows, count);
        }
    }
}
