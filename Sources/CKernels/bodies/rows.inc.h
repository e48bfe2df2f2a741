// Work on rows of floats: layer norm, softmax, activations, sums of embeddings.
//
// Mean and variance are taken in two passes over a row that stays in the first-level cache; the
// order of a row's sums is fixed by its width alone.
// Four sums in turn, because one would wait for its own addition at every step.
INL float tf_sum_of(const float *x, int width, const float *centre) {
    vf sum[4] = {{0}};
    const vf mean = vf_set(centre ? *centre : 0.0f);
    int i = 0, turn = 0;
    for (; i + 4 * LANES <= width; i += 4 * LANES)
#pragma clang loop unroll(full)
        for (int s = 0; s < 4; s++) {
            vf d = vf_load(x + i + s * LANES) - mean;
            sum[s] = centre ? vf_fma(d, d, sum[s]) : sum[s] + d;
        }
    for (; i < width; i += LANES, turn = (turn + 1) % 4) {
        const int count = width - i < LANES ? width - i : LANES;
        vf d = count < LANES ? vf_load_some(x + i, count) - mean : vf_load(x + i) - mean;
        if (count < LANES) d = vf_first(d, count);
        sum[turn] = centre ? vf_fma(d, d, sum[turn]) : sum[turn] + d;
    }
    return vf_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

INL void tf_normalise_row(float *x, int width, const float *gamma, const float *beta,
                          float epsilon) {
    const int whole = width - width % LANES;
    const float mean = tf_sum_of(x, width, NULL) / (float)width;
    const float variance = tf_sum_of(x, width, &mean) / (float)width;
    const float inverse = 1.0f / __builtin_sqrtf(variance + epsilon);
    const vf scale = vf_set(inverse), centre = vf_set(mean);
    for (int i = 0; i < whole; i += LANES) {
        vf y = (vf_load(x + i) - centre) * scale;
        vf_store(x + i, vf_fma(y, vf_load(gamma + i), vf_load(beta + i)));
    }
    for (int i = whole; i < width; i++)
        x[i] = __builtin_fmaf((x[i] - mean) * inverse, gamma[i], beta[i]);
}

static void TF_FN(tf_layer_norm)(const tf_rows *p) {
    for (int i = 0; i < p->rows; i++)
        tf_normalise_row(p->x + i * p->stride, p->width, p->gamma, p->beta, p->epsilon);
}

static void TF_FN(tf_sum_rows)(float *out, const float *a, const float *b, const float *c,
                               int64_t count) {
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        const vf two = vf_load(a + i) + vf_load(b + i);
        vf_store(out + i, c ? two + vf_load(c + i) : two);
    }
    for (; i < count; i++) out[i] = c ? a[i] + b[i] + c[i] : a[i] + b[i];
}

static void TF_FN(tf_softmax)(const tf_rows *p) {
    for (int row = 0; row < p->rows; row++) {
        float *x = p->x + row * p->stride;
        const int whole = p->width - p->width % LANES, rest = p->width - whole;
        vf most = vf_set(x[0]), sum = vf_set(0);
        for (int i = 0; i < whole; i += LANES) most = vf_max(most, vf_load(x + i));
        float top = vf_highest(most);
        for (int i = whole; i < p->width; i++) top = x[i] > top ? x[i] : top;
        for (int i = 0; i < whole; i += LANES) {
            const vf y = tf_exp2((vf_load(x + i) - vf_set(top)) * vf_set(TF_LOG2E));
            vf_store(x + i, y);
            sum += y;
        }
        if (rest > 0) {
            const vf t = vf_load_some(x + whole, rest) - vf_set(top);
            const vf y = vf_first(tf_exp2(t * vf_set(TF_LOG2E)), rest);
            vf_store_some(x + whole, y, rest);
            sum += y;
        }
        const vf inverse = vf_set(1.0f / vf_sum(sum));
        for (int i = 0; i < whole; i += LANES) vf_store(x + i, vf_load(x + i) * inverse);
        vf_store_some(x + whole, vf_load_some(x + whole, rest) * inverse, rest);
    }
}

static void TF_FN(tf_activate)(float *x, int64_t count, int32_t epilogue) {
    for (int64_t i = 0; i < count; i += LANES) {
        const int64_t some = count - i < LANES ? count - i : LANES;
        vf_store_some(x + i, tf_activation(epilogue, true, vf_load_some(x + i, some)), some);
    }
}

static uint64_t TF_FN(tf_read_memory)(const void *bytes, int64_t count) {
    vu a = {0}, b = {0}, c = {0}, d = {0};
    const char *p = bytes;
    for (int64_t i = 0; i + LANES * 16 <= count; i += LANES * 16) {
        a += vu_load(p + i);
        b += vu_load(p + i + LANES * 4);
        c += vu_load(p + i + LANES * 8);
        d += vu_load(p + i + LANES * 12);
    }
    a += b + c + d;
    uint64_t sum = 0;
    for (int i = 0; i < LANES; i++) sum += a[i];
    return sum;
}
