// The product of packed activations and packed weights: loops over tiles, then the epilogue.
//
// Order: for each panel of 32 columns, all row panels. So a panel of weights comes from memory
// once, is prefetched into the second-level cache while the panel before it is at work, and is
// read rows / 14 times from there; the block of activations stays in the second-level cache
// (56 rows x 1024 int8 = 56 KB, x 4096 = 224 KB, of 1 MB).
//
// Included after epilogue.inc.h.
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
            // What the epilogue will read and write comes while the tile is at work.
            char *out = (char *)p->out + (row * p->out_stride + first) * size;
            for (int i = 0; i < rows; i++) {
                __builtin_prefetch(out + i * p->out_stride * size, 1, 3);
                __builtin_prefetch(out + i * p->out_stride * size + count * size - 1, 1, 3);
            }
            TILE_FN(tile)(rows, units, (const char *)p->a.panels + row * units * TF_UNIT_BYTES,
                          height * TF_UNIT_BYTES, b, next + row / height * units * ahead_step,
                          ahead_step, tile);
            if (count == TF_PANEL_COLUMNS)
                TILE_FN(finish)(p->epilogue, p, (int)row, rows, first, bias, tile, out,
                                p->out_stride * size);
            else
                TILE_FN(finish_edge)(p, (int)row, rows, first, bias, tile, out,
                                     p->out_stride * size);
        }
    }
}
