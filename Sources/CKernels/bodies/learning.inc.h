// Backward passes, dropout and AdamW over vectors: the bodies of learning.h.
//
// Rows are walked in full vectors and a last partial one; the order of every sum is fixed by the
// shape alone. Included after rows.inc.h and bfloat16.inc.h.

enum { TF_ROWS_TOGETHER = 32 };

// Columns `column`..<column + count (at most LANES) of the units of row pair or row u.
INL vu tf_unit_down(const int precision, const tf_pack_down *p, int64_t u, int column, int count) {
    const int64_t row = precision == TF_F32 ? u : 2 * u;
    const float *x = p->x + row * p->x_stride + column;
    // Rows may lie pages apart, where no processor looks ahead by itself.
    __builtin_prefetch((const void *)((uintptr_t)x + TF_ROWS_TOGETHER * p->x_stride * sizeof *x));
    const bool whole = count == LANES;
    vf first = whole ? vf_load(x) : vf_load_some(x, count);
    if (precision == TF_F32) return (vu)first;
    vf second = vf_set(0);
    if (row + 1 < p->width)
        second = whole ? vf_load(x + p->x_stride) : vf_load_some(x + p->x_stride, count);
    return vf_bf16_bits(first) | vf_bf16_bits(second) << 16;
}

// Units `start`..<end of one panel.
INL void tf_panel_down(const int precision, const tf_pack_down *p, int panel, int64_t start,
                       int64_t end) {
    const int first = panel * p->height;
    const int live = p->columns - first < p->height ? p->columns - first : p->height;
    uint32_t *to = (uint32_t *)p->panels + first * p->units + start * p->height;
    for (int c = 0; c < live; c += LANES) {
        const int count = live - c < LANES ? live - c : LANES;
        uint32_t *out = to + c;
        for (int64_t u = start; count == LANES && u < end; u++, out += p->height)
            vu_store(out, tf_unit_down(precision, p, u, first + c, LANES));
        for (int64_t u = start; count < LANES && u < end; u++, out += p->height)
            vf_store_some((float *)out, (vf)tf_unit_down(precision, p, u, first + c, count),
                          count);
    }
    // Panels of weights are whole; those of activations have no more than their rows.
    if (live == p->height || p->height != TF_PANEL_COLUMNS) return;
    for (int64_t u = start; u < end; u++, to += p->height)
        for (int c = live; c < p->height; c++) to[c] = 0;
}

// A few rows of x at a time for all panels: a panel takes but a cache line or two of a row.
INL void tf_pack_down_as(const int precision, const tf_pack_down *p) {
    const int64_t step = precision == TF_F32 ? TF_ROWS_TOGETHER : TF_ROWS_TOGETHER / 2;
    for (int64_t u = 0; u < p->units; u += step)
        for (int panel = p->first_panel; panel < p->end_panel; panel++)
            tf_panel_down(precision, p, panel, u, u + step < p->units ? u + step : p->units);
}

static void TF_FN(tf_pack_down_f32)(const tf_pack_down *p) { tf_pack_down_as(TF_F32, p); }
static void TF_FN(tf_pack_down_bf16)(const tf_pack_down *p) { tf_pack_down_as(TF_BF16, p); }

// The sums of g and g * n over a row, where g = dy * gamma and n = (x - mean) * inverse.
INL void tf_norm_row_sums(const tf_norm_backward *p, const float *x, const float *d, vf mean,
                          vf inverse, float *of_g, float *of_gn) {
    vf g_sum = vf_set(0), gn_sum = vf_set(0);
    for (int i = 0; i < p->width; i += LANES) {
        const int count = p->width - i < LANES ? p->width - i : LANES;
        const bool whole = count == LANES;
        vf n = ((whole ? vf_load(x + i) : vf_load_some(x + i, count)) - mean) * inverse;
        vf g = whole ? vf_load(d + i) * vf_load(p->gamma + i)
                     : vf_load_some(d + i, count) * vf_load_some(p->gamma + i, count);
        g_sum += g;
        gn_sum = vf_fma(g, n, gn_sum);
    }
    *of_g = vf_sum(g_sum);
    *of_gn = vf_sum(gn_sum);
}

// dx = inverse * (g - mean(g) - n * mean(g n))
static void TF_FN(tf_norm_backward)(const tf_norm_backward *p) {
    for (int row = p->first_row; row < p->end_row; row++) {
        const float *x = p->x + row * p->x_stride;
        const float *d = p->dy + row * p->dy_stride;
        float *to = p->dx + row * p->dx_stride, of_g, of_gn;
        const float mean = tf_sum_of(x, p->width, NULL) / (float)p->width;
        const float variance = tf_sum_of(x, p->width, &mean) / (float)p->width;
        const float inverse = 1.0f / __builtin_sqrtf(variance + p->epsilon);
        tf_norm_row_sums(p, x, d, vf_set(mean), vf_set(inverse), &of_g, &of_gn);
        const vf mean_g = vf_set(of_g / (float)p->width);
        const vf mean_gn = vf_set(of_gn / (float)p->width);
        for (int i = 0; i < p->width; i += LANES) {
            const int count = p->width - i < LANES ? p->width - i : LANES;
            const bool whole = count == LANES;
            vf n = (whole ? vf_load(x + i) : vf_load_some(x + i, count)) - vf_set(mean);
            n *= vf_set(inverse);
            vf g = whole ? vf_load(d + i) * vf_load(p->gamma + i)
                         : vf_load_some(d + i, count) * vf_load_some(p->gamma + i, count);
            vf dx = (g - mean_g - n * mean_gn) * vf_set(inverse);
            if (whole)
                vf_store(to + i, dx);
            else
                vf_store_some(to + i, dx, count);
        }
        p->mean[row] = mean;
        p->inverse[row] = inverse;
    }
}

static void TF_FN(tf_norm_sums)(const tf_norm_sums *p) {
    for (int c = p->first_column; c < p->end_column; c += LANES) {
        const int count = p->end_column - c < LANES ? p->end_column - c : LANES;
        vf gamma = vf_load_some(p->gamma + c, count), beta = vf_load_some(p->beta + c, count);
        for (int row = 0; row < p->rows; row++) {
            const float *x = p->x + row * p->x_stride + c, *dy = p->dy + row * p->dy_stride + c;
            const bool whole = count == LANES;
            vf d = whole ? vf_load(dy) : vf_load_some(dy, count);
            vf n = (whole ? vf_load(x) : vf_load_some(x, count)) - vf_set(p->mean[row]);
            gamma = vf_fma(d, n * vf_set(p->inverse[row]), gamma);
            beta += d;
        }
        vf_store_some(p->gamma + c, gamma, count);
        vf_store_some(p->beta + c, beta, count);
    }
}

static void TF_FN(tf_sum_down)(const float *x, int64_t stride, int32_t rows, int32_t columns,
                               float *sum) {
    for (int c = 0; c < columns; c += LANES) {
        const int count = columns - c < LANES ? columns - c : LANES;
        vf total = vf_load_some(sum + c, count);
        for (int row = 0; row < rows; row++)
            total += count == LANES ? vf_load(x + row * stride + c)
                                    : vf_load_some(x + row * stride + c, count);
        vf_store_some(sum + c, total, count);
    }
}

// d/dx of x Phi(x) = Phi(x) + x phi(x). Phi(-t) = exp(-t^2/2) R(t) for t >= 0, as in tf_gelu_erf,
// with R(t) = g(t) / t.
INL vf tf_gelu_erf_slope(vf x) {
    const vf t = vf_abs(x);
    const vf power = tf_exp2(t * t * vf_set(-0.5f * TF_LOG2E));
    const vf tail = power * tf_gelu_tail(t); // Phi(-t)
    const vu negative = (vu)(x < vf_set(0));
    const vf phi = (vf)((negative & (vu)tail) | (~negative & (vu)(vf_set(1.0f) - tail)));
    return vf_fma(x, power * vf_set(0.3989422804014327f), phi);
}

// s + x s (1 - s) 2c (1 + 3 * 0.044715 x^2), s = sigmoid(2c (x + 0.044715 x^3)), c = sqrt(2/pi)
INL vf tf_gelu_tanh_slope(vf x) {
    const float c2 = 2.0f * 0.7978845608028654f;
    const vf square = x * x;
    const vf inner = x * vf_fma(square, vf_set(0.044715f), vf_set(1.0f));
    const vf s = vf_set(1.0f) / (vf_set(1.0f) + tf_exp2(inner * vf_set(-c2 * TF_LOG2E)));
    const vf slope = vf_set(c2) * vf_fma(square, vf_set(3.0f * 0.044715f), vf_set(1.0f));
    return vf_fma(x * s * (vf_set(1.0f) - s), slope, s);
}

INL vf tf_slope(const int epilogue, vf x) {
    const vf one = vf_set(1.0f);
    switch (epilogue) {
    case TF_GELU_ERF: return tf_gelu_erf_slope(x);
    case TF_GELU_TANH: return tf_gelu_tanh_slope(x);
    case TF_RELU: return (vf)((vu)(x > vf_set(0)) & (vu)one);
    case TF_TANH: return one - tf_tanh(x) * tf_tanh(x);
    default: return one;
    }
}

static void TF_FN(tf_activate_backward)(const float *x, float *d, int64_t count,
                                        int32_t epilogue) {
    for (int64_t i = 0; i < count; i += LANES) {
        const int64_t some = count - i < LANES ? count - i : LANES;
        if (some == LANES)
            vf_store(d + i, vf_load(d + i) * tf_slope(epilogue, vf_load(x + i)));
        else
            vf_store_some(d + i, vf_load_some(d + i, some)
                                     * tf_slope(epilogue, vf_load_some(x + i, some)), some);
    }
}

static void TF_FN(tf_softmax_backward)(const float *p, float *d, int64_t stride, int32_t rows,
                                       int32_t width, float factor) {
    for (int row = 0; row < rows; row++, p += stride, d += stride) {
        vf sum = vf_set(0);
        int i = 0;
        for (; i + LANES <= width; i += LANES)
            sum = vf_fma(vf_load(p + i), vf_load(d + i), sum);
        if (i < width) sum += vf_load_some(p + i, width - i) * vf_load_some(d + i, width - i);
        const vf total = vf_set(vf_sum(sum)), scale = vf_set(factor);
        for (i = 0; i + LANES <= width; i += LANES)
            vf_store(d + i, vf_load(p + i) * (vf_load(d + i) - total) * scale);
        if (i < width)
            vf_store_some(d + i, vf_load_some(p + i, width - i)
                                     * (vf_load_some(d + i, width - i) - total) * scale,
                          width - i);
    }
}

// A number of 32 bits for each element: the finaliser of MurmurHash3 with a second key inside.
INL vu tf_hash(vu x, uint32_t key, uint32_t second_key) {
    x = (x * 0x9e3779b9u) ^ key;
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = ((x ^ x >> 13) + second_key) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

static void TF_FN(tf_dropout)(const tf_dropout *p) {
    vu number;
    for (int i = 0; i < LANES; i++) number[i] = p->first + (uint32_t)i;
    for (int64_t i = 0; i < p->count; i += LANES, number += LANES) {
        const vu keeps = (vu)(tf_hash(number, p->key, p->second_key) >= p->threshold);
        const vf factor = (vf)(keeps & (vu)vf_set(p->scale));
        const int64_t some = p->count - i < LANES ? p->count - i : LANES;
        if (some == LANES)
            vf_store(p->x + i, vf_load(p->x + i) * factor);
        else
            vf_store_some(p->x + i, vf_load_some(p->x + i, some) * factor, some);
    }
}

static void TF_FN(tf_accumulate)(float *sum, const float *x, int64_t count) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) vf_store(sum + i, vf_load(sum + i) + vf_load(x + i));
    for (; i < count; i++) sum[i] += x[i];
}

static void TF_FN(tf_scale)(float *x, int64_t count, float factor) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) vf_store(x + i, vf_load(x + i) * vf_set(factor));
    for (; i < count; i++) x[i] *= factor;
}

static void TF_FN(tf_adamw)(const tf_adamw *p) {
    const float keep = 1.0f - p->rate * p->decay;
    for (int64_t i = 0; i < p->count; i++) {
        const float g = p->gradient[i] * p->scale;
        const float m = p->beta1 * p->moment[i] + (1.0f - p->beta1) * g;
        const float v = p->beta2 * p->square[i] + (1.0f - p->beta2) * g * g;
        const float root = __builtin_sqrtf(v * p->correction2) + p->epsilon;
        p->w[i] = p->w[i] * keep - p->rate * (m * p->correction1) / root;
        p->moment[i] = m;
        p->square[i] = v;
        p->gradient[i] = 0;
    }
}

// In eight sums of doubles, so that it neither overflows nor depends on the vector's width.
static double TF_FN(tf_sum_squares)(const float *x, int64_t count) {
    double sum[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (int j = 0; j < 8; j++) sum[j] += (double)x[i + j] * (double)x[i + j];
    for (; i < count; i++) sum[i % 8] += (double)x[i] * (double)x[i];
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

const tf_learning TF_FN(tf_learning) = {
    .pack_down = {TF_FN(tf_pack_down_f32), TF_FN(tf_pack_down_bf16)},
    .norm_backward = TF_FN(tf_norm_backward),
    .norm_sums = TF_FN(tf_norm_sums),
    .sum_down = TF_FN(tf_sum_down),
    .activate_backward = TF_FN(tf_activate_backward),
    .softmax_backward = TF_FN(tf_softmax_backward),
    .dropout = TF_FN(tf_dropout),
    .accumulate = TF_FN(tf_accumulate),
    .scale = TF_FN(tf_scale),
    .adamw = TF_FN(tf_adamw),
    .sum_squares = TF_FN(tf_sum_squares),
};
