// Attention of one head over one text: softmax(q k^T * factor + bias) v, without padding.
//
// Scores are computed transposed, 32 queries to a panel, so that a query is a lane:
//
//          32 queries            maximum, exponential and sum over keys then run down the
//   keys [ S^T = K . Q^T ]       columns: no sum across lanes, no mask for the last keys, and
//    n   [               ]       a query's result does not depend on its place in the panel.
//          |  exp, in place of the second product's B operand
//   D  [ O^T = V^T . P^T ]       then O^T is divided by the sums and transposed out.
//
// A bias by distance, bias[i - j] of query i and key j, is added to a tile of scores while that is
// in the first-level cache; the 32 queries of a key are neighbours there. Without one the factor is
// left to the exponential.
//
// Both products run on the tile of tile.inc.h. Units: f32 1 value, bf16 a pair of values (of a
// head's dimensions in the first product, of neighbouring keys in the second).
// Scratch, in units: k [units of D][n to 16], v [units of n][D to 16], q [units of D][32],
// scores [n][32], p [units of n][32], out [D to 16][32]. Included after tile.inc.h with
// ATTENTION_BF16 0 or 1.
#if ATTENTION_BF16
#define VALUES 2
typedef uint16_t TILE_FN(element);
#else
#define VALUES 1
typedef float TILE_FN(element);
#endif

typedef struct {
    uint32_t *k, *v, *q, *p;
    float *scores, *out;
    int64_t keys, dims, key_units, dim_units; // keys and dims rounded up to 16
} TILE_FN(workspace);

static TILE_FN(workspace) TILE_FN(workspace_of)(const tf_attention *a) {
    TILE_FN(workspace) w;
    w.keys = (a->tokens + 15) / 16 * 16;
    w.dims = (a->head_size + 15) / 16 * 16;
    w.key_units = (a->tokens + VALUES - 1) / VALUES;
    w.dim_units = (a->head_size + VALUES - 1) / VALUES;
    w.k = a->scratch;
    w.v = w.k + w.dims * w.keys;
    w.q = w.v + w.keys * w.dims;
    w.p = w.q + w.dims * TF_PANEL_COLUMNS;
    w.scores = (float *)(w.p + w.keys * TF_PANEL_COLUMNS);
    w.out = w.scores + w.keys * TF_PANEL_COLUMNS;
    return w;
}

// Up to 16 rows from `row`, up to 16 units of head dimensions from u: to[u * step + i].
INL void TILE_FN(spread)(const TILE_FN(element) *from, int64_t stride, int rows, int64_t u,
                         int head_size, uint32_t *to, int64_t step) {
    tf_square square;
    const int first = (int)u * VALUES;
    const int values = head_size - first < 16 * VALUES ? head_size - first : 16 * VALUES;
    for (int i = 0; i < 16; i++) {
        if (values < 16 * VALUES || i >= rows) __builtin_memset(square.unit[i], 0, 64);
        if (i >= rows) continue;
        const TILE_FN(element) *row = from + i * stride + first;
        if (values == 16 * VALUES)
            __builtin_memcpy(square.unit[i], row, 64);
        else
            __builtin_memcpy(square.unit[i], row, (size_t)values * sizeof *row);
    }
    tf_transpose(&square, 16, (values + VALUES - 1) / VALUES, to, step);
}

static void TILE_FN(spread_keys)(const tf_attention *a, const TILE_FN(workspace) *w) {
    for (int64_t j = 0; j < a->tokens; j += 16)
        for (int64_t u = 0; u < w->dim_units; u += 16)
            TILE_FN(spread)((const TILE_FN(element) *)a->k + j * a->k_stride, a->k_stride,
                            (int)(a->tokens - j < 16 ? a->tokens - j : 16), u, a->head_size,
                            w->k + u * w->keys + j, w->keys);
}

static void TILE_FN(spread_queries)(const tf_attention *a, const TILE_FN(workspace) *w, int first,
                                    int live) {
    for (int i = 0; i < TF_PANEL_COLUMNS; i += 16)
        for (int64_t u = 0; u < w->dim_units; u += 16) {
            const int rows = live - i < 0 ? 0 : live - i < 16 ? live - i : 16;
            const int from = rows > 0 ? first + i : first;
            TILE_FN(spread)((const TILE_FN(element) *)a->q + from * a->q_stride, a->q_stride,
                            rows, u, a->head_size, w->q + u * TF_PANEL_COLUMNS + i,
                            TF_PANEL_COLUMNS);
        }
}

// v[unit][d]: in bf16 a pair of keys (2u, 2u + 1), the missing last one zero.
static void TILE_FN(pair_values)(const tf_attention *a, const TILE_FN(workspace) *w) {
    for (int64_t u = 0; u < w->key_units; u++) {
        const TILE_FN(element) *row = (const TILE_FN(element) *)a->v + u * VALUES * a->v_stride;
        uint32_t *to = w->v + u * w->dims;
#if ATTENTION_BF16
        typedef uint16_t half __attribute__((vector_size(LANES * 2), aligned(2), may_alias));
        const uint16_t *second = row + a->v_stride;
        const bool isLast = 2 * u + 1 >= a->tokens;
        int d = 0;
        for (; d + LANES <= a->head_size; d += LANES) {
            vu high = {0};
            if (!isLast) high = __builtin_convertvector(*(const half *)(second + d), vu) << 16;
            vu_store(to + d, __builtin_convertvector(*(const half *)(row + d), vu) | high);
        }
        for (; d < a->head_size; d++)
            to[d] = (uint32_t)row[d] | (isLast ? 0 : (uint32_t)second[d] << 16);
#else
        __builtin_memcpy(to, row, (size_t)a->head_size * 4);
#endif
    }
}

// Scores of keys j... (`rows` of them) and the queries from `first`: s * factor + bias[i - j].
INL void TILE_FN(add_bias)(const tf_attention *a, float *scores, int first, int64_t j, int rows) {
    const vf factor = vf_set(a->factor);
    const float *bias = a->bias + first - j;
    for (int r = 0; r < rows; r++, scores += TF_PANEL_COLUMNS, bias--)
        for (int c = 0; c < TF_PANEL_COLUMNS; c += LANES)
            vf_store(scores + c, vf_fma(vf_load(scores + c), factor, vf_load(bias + c)));
}

// Exponentials of the scores, as units of P; the sums of each query into `sum`.
INL void TILE_FN(exponentials)(const tf_attention *a, const TILE_FN(workspace) *w, float *sums) {
    const vf factor = vf_set((a->bias ? 1.0f : a->factor) * TF_LOG2E);
    for (int c = 0; c < TF_PANEL_COLUMNS; c += LANES) {
        const float *s = w->scores + c;
        vf highest[4] = {vf_load(s), vf_load(s), vf_load(s), vf_load(s)};
        int64_t j = 0;
        for (; j + 4 <= a->tokens; j += 4)
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++)
                highest[i] = vf_max(highest[i], vf_load(s + (j + i) * TF_PANEL_COLUMNS));
        for (; j < a->tokens; j++)
            highest[0] = vf_max(highest[0], vf_load(s + j * TF_PANEL_COLUMNS));
        const vf most = vf_max(vf_max(highest[0], highest[1]), vf_max(highest[2], highest[3]));
        const vf shift = -most * factor;
        vf sum = vf_set(0);
        for (int64_t u = 0; u < w->key_units; u++) {
            const float *at = s + u * VALUES * TF_PANEL_COLUMNS;
            vf x = tf_softmax_exp2(vf_fma(vf_load(at), factor, shift), !ATTENTION_BF16);
            sum += x;
#if ATTENTION_BF16
            vf y = vf_set(0);
            if (2 * u + 1 < a->tokens) {
                const vf second = vf_load(at + TF_PANEL_COLUMNS);
                y = tf_softmax_exp2(vf_fma(second, factor, shift), !ATTENTION_BF16);
                sum += y;
            }
            vu_store(w->p + u * TF_PANEL_COLUMNS + c, TF_PAIR_BF16(x, y));
#else
            vf_store(w->p + u * TF_PANEL_COLUMNS + c, x);
#endif
        }
        vf_store(sums + c, sum);
    }
}

static void TILE_FN(attend_panel)(const tf_attention *a, const TILE_FN(workspace) *w, int first,
                                  int live) {
    float sums[TF_PANEL_COLUMNS];
    TILE_FN(spread_queries)(a, w, first, live);
    for (int64_t j = 0; j < a->tokens; j += TF_PANEL_ROWS_MAX) {
        const int rows = (int)(a->tokens - j < TF_PANEL_ROWS_MAX ? a->tokens - j
                                                                 : TF_PANEL_ROWS_MAX);
        TILE_FN(tile)(rows, w->dim_units, (const char *)(w->k + j), w->keys * 4,
                      (const char *)w->q, (const char *)w->q, 0,
                      (char *)(w->scores + j * TF_PANEL_COLUMNS));
        if (a->bias)
            TILE_FN(add_bias)(a, w->scores + j * TF_PANEL_COLUMNS, first, j, rows);
    }
    TILE_FN(exponentials)(a, w, sums);
    for (int d = 0; d < a->head_size; d += TF_PANEL_ROWS_MAX) {
        const int rows = a->head_size - d < TF_PANEL_ROWS_MAX ? a->head_size - d
                                                              : TF_PANEL_ROWS_MAX;
        TILE_FN(tile)(rows, w->key_units, (const char *)(w->v + d), w->dims * 4,
                      (const char *)w->p, (const char *)w->p, 0,
                      (char *)(w->out + d * TF_PANEL_COLUMNS));
    }
    for (int c = 0; c < TF_PANEL_COLUMNS; c += LANES) {
        const vf inverse = vf_set(1.0f) / vf_load(sums + c);
        for (int d = 0; d < a->head_size; d++) {
            float *at = w->out + d * TF_PANEL_COLUMNS + c;
            vf_store(at, vf_load(at) * inverse);
        }
    }
    for (int i = 0; i < live; i += 16)
        for (int d = 0; d < a->head_size; d += 16) {
            tf_square square;
            for (int r = 0; r < 16; r++)
                __builtin_memcpy(square.unit[r], w->out + (d + r) * TF_PANEL_COLUMNS + i, 64);
            const int dims = a->head_size - d < 16 ? a->head_size - d : 16;
            tf_transpose(&square, dims, live - i < 16 ? live - i : 16,
                         (uint32_t *)(a->out + (first + i) * a->out_stride + d), a->out_stride);
        }
}

void TILE_FN(tf_attention)(const tf_attention *a) {
    const TILE_FN(workspace) w = TILE_FN(workspace_of)(a);
    TILE_FN(spread_keys)(a, &w);
    TILE_FN(pair_values)(a, &w);
    for (int q = a->first_query; q < a->end_query; q += TF_PANEL_COLUMNS) {
        const int left = a->end_query - q;
        TILE_FN(attend_panel)(a, &w, q, left < TF_PANEL_COLUMNS ? left : TF_PANEL_COLUMNS);
    }
}
#undef VALUES
