// Packing: rows of floats become units (1 float, 2 bfloat16, 4 int8 values) in panel order.
//
// A group of up to 16 rows x 16 units is converted row by row into a square, which is then
// transposed into the panel: unit u of row i lands at panel[u][i]. Activations may be layer-
// normalised on the way, while their row is still in the first-level cache.
// 16 units of each kind from consecutive floats.
INL void tf_units_f32(const float *x, uint32_t *units) {
    __builtin_memcpy(units, x, 16 * 4);
}

INL void tf_units_bf16(const float *x, uint32_t *units) {
    for (int i = 0; i < 32; i += LANES) vf_store_bf16((uint16_t *)units + i, vf_load(x + i));
}

// q = round(x * inverse) + zero as bytes. Activations lie in 0..255 but for one step of rounding at
// the top, which is clamped; weights (lowest = -128, zero = 0) are in -127..127 as they are. What a
// NaN becomes does not matter: the scale of its row is one.
INL void tf_units_int8(const float *x, float inverse, float zero, float lowest, uint32_t *units) {
#if LANES == 16
    const __m512i offset = _mm512_set1_epi32((int32_t)zero);
    for (int i = 0; i < 64; i += LANES) {
        __m512i q = _mm512_cvtps_epi32((__m512)(vf_load(x + i) * vf_set(inverse)));
        q = _mm512_add_epi32(q, offset);
        __m128i bytes = lowest < 0 ? _mm512_cvtepi32_epi8(q) : _mm512_cvtusepi32_epi8(q);
        _mm_storeu_si128((__m128i *)((uint8_t *)units + i), bytes);
    }
#else
    typedef uint8_t vb __attribute__((vector_size(LANES), aligned(1), may_alias));
    const vf low = vf_set(lowest), high = vf_set(lowest + 255.0f);
    for (int i = 0; i < 64; i += LANES) {
        vf q = vf_round(vf_load(x + i) * vf_set(inverse)) + vf_set(zero);
        vi whole = vf_to_int(vf_min(vf_max(q, low), high));
        *(vb *)((uint8_t *)units + i) = __builtin_convertvector((vu)whole, vb);
    }
#endif
}

typedef struct { float inverse, zero; } tf_quantiser;

// `steps` over the range; 0, which makes every value 0, where that is more than a float holds.
INL float tf_inverse(float steps, float range) {
    const float inverse = range > 0 ? steps / range : 0.0f;
    return inverse < INFINITY ? inverse : 0.0f;
}

// The per-row choice: the range always holds 0, so that a zero stays exactly one. The minimum and
// the maximum lose a NaN, `odd` does not: 0 times whatever is not finite is one, and the scale with
// it.
INL tf_quantiser tf_quantiser_of_row(const float *x, int width, float *scale, int32_t *zero) {
    vf lows[2] = {{0}}, highs[2] = {{0}}, odd[2] = {{0}};
    int i = 0;
    for (; i + 2 * LANES <= width; i += 2 * LANES)
#pragma clang loop unroll(full)
        for (int s = 0; s < 2; s++) {
            const vf some = vf_load(x + i + s * LANES);
            lows[s] = vf_min(lows[s], some);
            highs[s] = vf_max(highs[s], some);
            odd[s] = vf_fma(some, vf_set(0), odd[s]);
        }
    for (; i < width; i += LANES) {
        vf rest = vf_load_some(x + i, width - i < LANES ? width - i : LANES);
        lows[0] = vf_min(lows[0], rest);
        highs[0] = vf_max(highs[0], rest);
        odd[0] = vf_fma(rest, vf_set(0), odd[0]);
    }
    const vf low = vf_min(lows[0], lows[1]), high = vf_max(highs[0], highs[1]);
    const float top = vf_highest(high), bottom = -vf_highest(-low), range = top - bottom;
    const float inverse = tf_inverse(255.0f, range);
    *scale = range * (1.0f / 255.0f) + vf_sum(odd[0] + odd[1]);
    *zero = inverse > 0 ? (int32_t)__builtin_rintf(-bottom * inverse) : 0;
    return (tf_quantiser){inverse, (float)*zero};
}

// Units u..<u+16 of one row; past the row's end they are those of zeros.
INL void tf_convert(const int precision, const float *x, int width, int64_t u, tf_quantiser q,
                    float lowest, uint32_t *units) {
    const int values = precision == TF_F32 ? 1 : precision == TF_BF16 ? 2 : 4;
    const int64_t first = u * values;
    float padded[64];
    const float *from = x + first;
    if (first + 16 * values > width) {
        for (int i = 0; i < 16 * values; i++) padded[i] = first + i < width ? from[i] : 0.0f;
        from = padded;
    }
    if (precision == TF_F32) tf_units_f32(from, units);
    if (precision == TF_BF16) tf_units_bf16(from, units);
    if (precision == TF_INT8) tf_units_int8(from, q.inverse, q.zero, lowest, units);
}

INL void tf_pack_rows(const int precision, const tf_pack *p) {
    const int height = p->a.panel_rows;
    for (int panel = p->first_panel; panel < p->end_panel; panel++) {
        const int first = panel * height;
        const int rows = p->a.rows - first < height ? p->a.rows - first : height;
        uint32_t *to = (uint32_t *)p->a.panels + (int64_t)first * p->a.units;
        tf_quantiser q[16] = {{0, 0}};
        for (int i = 0; i < rows; i++) {
            float *x = p->x + (first + i) * p->x_stride;
            if (p->gamma) tf_normalise_row(x, p->width, p->gamma, p->beta, p->epsilon);
            if (precision == TF_INT8)
                q[i] = tf_quantiser_of_row(x, p->width, p->a.scale + first + i,
                                           p->a.zero + first + i);
        }
        tf_square square;
        for (int64_t u = 0; u < p->a.units; u += 16) {
            for (int i = 0; i < rows; i++)
                tf_convert(precision, p->x + (first + i) * p->x_stride, p->width, u, q[i], 0.0f,
                           square.unit[i]);
            const int units = (int)(p->a.units - u < 16 ? p->a.units - u : 16);
            tf_transpose(&square, rows, units, to + u * height, height);
        }
    }
}

// The largest magnitude; a NaN, if there is one: without their signs, floats are ordered as their
// bits are, and a NaN stands above infinity.
INL float tf_largest(const float *w, int width) {
    uint32_t most = 0;
    for (int k = 0; k < width; k++) {
        const uint32_t bits = ((const u32_memory *)(w + k))->v & 0x7fffffffu;
        most = bits > most ? bits : most;
    }
    float value;
    __builtin_memcpy(&value, &most, 4);
    return value;
}

// Weights, symmetric around 0 with q in -127...127; half a panel (16 columns) at a time.
INL void tf_pack_columns(const int precision, const tf_pack_weights *p, int first, int rows,
                         uint32_t *to) {
    tf_quantiser q[16] = {{0, 0}};
    for (int i = 0; precision == TF_INT8 && i < 16; i++) {
        const float *w = p->w + (first + i) * p->w_stride;
        const float most = tf_largest(w, i < rows ? p->width : 0);
        q[i].inverse = tf_inverse(127.0f, most);
        p->scale[first + i] = most * (1.0f / 127.0f);
        p->sum[first + i] = 0;
    }
    tf_square square;
    __builtin_memset(&square, 0, sizeof square);
    for (int64_t u = 0; u < p->units; u += 16) {
        for (int i = 0; i < rows; i++) {
            tf_convert(precision, p->w + (first + i) * p->w_stride, p->width, u, q[i], -128.0f,
                       square.unit[i]);
            for (int k = 0; precision == TF_INT8 && k < 64; k++)
                p->sum[first + i] += ((const int8_t *)square.unit[i])[k];
        }
        const int units = (int)(p->units - u < 16 ? p->units - u : 16);
        tf_transpose(&square, 16, units, to + u * TF_PANEL_COLUMNS, TF_PANEL_COLUMNS);
    }
}

INL void tf_pack_weight_panels(const int precision, const tf_pack_weights *p) {
    for (int panel = p->first_panel; panel < p->end_panel; panel++) {
        uint32_t *to = (uint32_t *)p->panels + panel * p->units * TF_PANEL_COLUMNS;
        for (int half = 0; half < TF_PANEL_COLUMNS; half += 16) {
            const int first = panel * TF_PANEL_COLUMNS + half;
            const int left = p->columns - first;
            tf_pack_columns(precision, p, first, left < 0 ? 0 : left < 16 ? left : 16, to + half);
        }
    }
}

static void TF_FN(tf_pack_f32)(const tf_pack *p) { tf_pack_rows(TF_F32, p); }
static void TF_FN(tf_pack_bf16)(const tf_pack *p) { tf_pack_rows(TF_BF16, p); }
static void TF_FN(tf_pack_int8)(const tf_pack *p) { tf_pack_rows(TF_INT8, p); }
static void TF_FN(tf_pack_weights_f32)(const tf_pack_weights *p) {
    tf_pack_weight_panels(TF_F32, p);
}
static void TF_FN(tf_pack_weights_bf16)(const tf_pack_weights *p) {
    tf_pack_weight_panels(TF_BF16, p);
}
static void TF_FN(tf_pack_weights_int8)(const tf_pack_weights *p) {
    tf_pack_weight_panels(TF_INT8, p);
}
