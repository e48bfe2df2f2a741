// The plain body of every operation: no vectors, no blocking. It is the oracle of the tests and
// what runs on a processor that has no file of its own.
//
// Layouts are the same as everywhere, so its packed data can be handed to any other table.
#include "internal.h"

static float bf16_to_float(uint16_t x) {
    const uint32_t bits = (uint32_t)x << 16;
    float value;
    __builtin_memcpy(&value, &bits, 4);
    return value;
}

static float activation(int epilogue, float x) {
    const float c = 0.7978845608028654f; // sqrt(2 / pi)
    switch (epilogue) {
    case TF_GELU_ERF: return 0.5f * x * erfcf(x * -0.7071067811865476f);
    case TF_GELU_TANH: return 0.5f * x * (1.0f + tanhf(c * (x + 0.044715f * x * x * x)));
    case TF_RELU: return x < 0.0f ? 0.0f : x;
    case TF_TANH: return tanhf(x);
    default: return x;
    }
}

static void normalise_row(float *x, int width, const float *gamma, const float *beta,
                          float epsilon) {
    double sum = 0, squares = 0;
    for (int i = 0; i < width; i++) sum += x[i];
    const double mean = sum / width;
    for (int i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
    const double inverse = 1.0 / sqrt(squares / width + (double)epsilon);
    for (int i = 0; i < width; i++) x[i] = (float)((x[i] - mean) * inverse) * gamma[i] + beta[i];
}

// `steps` over the range; 0, which makes every value 0, where that is more than a float holds.
static float inverse_of(float steps, float range) {
    const float inverse = range > 0 ? steps / range : 0.0f;
    return inverse < INFINITY ? inverse : 0.0f;
}

// A NaN becomes the lowest; the scale of its row says what it was.
static uint8_t quantise(float x, float inverse, float zero, float lowest) {
    const float q = rintf(x * inverse) + zero, highest = lowest + 255.0f;
    return (uint8_t)(int)(q > lowest ? q < highest ? q : highest : lowest);
}

// The value at column k of a row goes to byte (k mod values) of unit (k / values).
static void put(int precision, void *unit_of_row, int k, int64_t step, float x, float inverse,
                float zero, float lowest) {
    const int values = precision == TF_F32 ? 1 : precision == TF_BF16 ? 2 : 4;
    char *unit = (char *)unit_of_row + (k / values) * step * TF_UNIT_BYTES;
    if (precision == TF_F32) *(float *)unit = x;
    if (precision == TF_BF16) ((uint16_t *)unit)[k % 2] = bf16_of(x);
    if (precision == TF_INT8) ((uint8_t *)unit)[k % 4] = quantise(x, inverse, zero, lowest);
}

static int padded_width(int precision, int64_t units) {
    return (int)units * (precision == TF_F32 ? 1 : precision == TF_BF16 ? 2 : 4);
}

static void pack_row(int precision, const tf_pack *p, int row) {
    const int height = p->a.panel_rows;
    float *x = p->x + row * p->x_stride, low = 0, high = 0, odd = 0;
    if (p->gamma) normalise_row(x, p->width, p->gamma, p->beta, p->epsilon);
    float inverse = 0, zero = 0;
    if (precision == TF_INT8) {
        for (int k = 0; k < p->width; k++) {
            low = x[k] < low ? x[k] : low;
            high = x[k] > high ? x[k] : high;
            odd += x[k] * 0.0f; // NaN from the first value on that is not finite
        }
        const float range = high - low;
        inverse = inverse_of(255.0f, range);
        p->a.scale[row] = range * (1.0f / 255.0f) + odd;
        p->a.zero[row] = inverse > 0 ? (int32_t)rintf(-low * inverse) : 0;
        zero = (float)p->a.zero[row];
    }
    uint32_t *first = (uint32_t *)p->a.panels + (int64_t)(row / height) * height * p->a.units
                      + row % height;
    for (int k = 0; k < padded_width(precision, p->a.units); k++)
        put(precision, first, k, height, k < p->width ? x[k] : 0.0f, inverse, zero, 0.0f);
}

static void pack(int precision, const tf_pack *p) {
    const int end = p->end_panel * p->a.panel_rows;
    for (int row = p->first_panel * p->a.panel_rows; row < end && row < p->a.rows; row++)
        pack_row(precision, p, row);
}

static void pack_column(int precision, const tf_pack_weights *p, int column) {
    const float *w = p->w + column * p->w_stride;
    const bool real = column < p->columns;
    float most = 0, odd = 0;
    int32_t sum = 0;
    for (int k = 0; real && k < p->width; k++) {
        most = fabsf(w[k]) > most ? fabsf(w[k]) : most;
        odd += w[k] * 0.0f;
    }
    const float inverse = inverse_of(127.0f, most);
    uint32_t *first = (uint32_t *)p->panels
                      + (int64_t)(column / TF_PANEL_COLUMNS) * TF_PANEL_COLUMNS * p->units
                      + column % TF_PANEL_COLUMNS;
    for (int k = 0; k < padded_width(precision, p->units); k++) {
        const float x = real && k < p->width ? w[k] : 0.0f;
        put(precision, first, k, TF_PANEL_COLUMNS, x, inverse, 0.0f, -128.0f);
        if (precision == TF_INT8) sum += (int8_t)quantise(x, inverse, 0.0f, -128.0f);
    }
    if (precision != TF_INT8) return;
    p->scale[column] = most * (1.0f / 127.0f) + odd;
    p->sum[column] = sum;
}

static void pack_weights(int precision, const tf_pack_weights *p) {
    const int end = p->end_panel * TF_PANEL_COLUMNS;
    for (int column = p->first_panel * TF_PANEL_COLUMNS; column < end; column++)
        pack_column(precision, p, column);
}

// The dot product of a row and a column, and the bias.
static float dot(int precision, const tf_product *p, int row, int column, float bias) {
    const int64_t units = p->a.units;
    const int height = p->a.panel_rows, wide = TF_PANEL_COLUMNS;
    const uint32_t *a = (const uint32_t *)p->a.panels + row / height * height * units
                        + row % height;
    const uint32_t *b = (const uint32_t *)p->w.panels + column / wide * wide * units
                        + column % wide;
    float sum = 0;
    int32_t whole = 0;
    for (int64_t u = 0; u < units; u++, a += height, b += wide) {
        if (precision == TF_F32) sum = fmaf(*(const float *)a, *(const float *)b, sum);
        for (int i = 0; precision == TF_BF16 && i < 2; i++)
            sum += bf16_to_float(((const uint16_t *)a)[i])
                   * bf16_to_float(((const uint16_t *)b)[i]);
        for (int i = 0; precision == TF_INT8 && i < 4; i++)
            whole += ((const uint8_t *)a)[i] * ((const int8_t *)b)[i];
    }
    if (precision != TF_INT8) return sum + bias;
    whole -= p->a.zero[row] * p->w.sum[column];
    return fmaf((float)whole, p->a.scale[row] * p->w.scale[column], bias);
}

// An element with its bias goes the rest of its way.
static void finish(const tf_product *p, int row, int column, float x) {
    const int64_t at = row * p->out_stride + column;
    if (p->epilogue == TF_ADD) x += ((const float *)p->out)[at];
    x = activation(p->epilogue, x);
    if (p->epilogue == TF_STORE_BF16)
        ((uint16_t *)p->out)[at] = bf16_of(x);
    else
        ((float *)p->out)[at] = x;
}

static void product(int precision, const tf_product *p) {
    for (int column = p->first_panel * TF_PANEL_COLUMNS;
         column < p->end_panel * TF_PANEL_COLUMNS && column < p->w.columns; column++)
        for (int row = 0; row < p->a.rows; row++)
            finish(p, row, column,
                   dot(precision, p, row, column, p->bias ? p->bias[column] : 0.0f));
}

void tf_finish_scalar(const tf_product *p, int32_t first_row, int32_t rows, int32_t panel,
                      const float *tile) {
    for (int i = 0; i < rows; i++)
        for (int c = 0; c < TF_PANEL_COLUMNS; c++) {
            const int column = panel * TF_PANEL_COLUMNS + c;
            if (column < p->w.columns)
                finish(p, first_row + i, column,
                       tile[i * TF_PANEL_COLUMNS + c] + (p->bias ? p->bias[column] : 0.0f));
        }
}

static float element(int precision, const void *p, int64_t i) {
    return precision == TF_F32 ? ((const float *)p)[i] : bf16_to_float(((const uint16_t *)p)[i]);
}

static void attend(int precision, const tf_attention *a, int query) {
    float *scores = a->scratch, most = -INFINITY, sum = 0;
    for (int j = 0; j < a->tokens; j++) {
        float s = 0;
        for (int d = 0; d < a->head_size; d++)
            s += element(precision, a->q, query * a->q_stride + d)
                 * element(precision, a->k, j * a->k_stride + d);
        scores[j] = s * a->factor;
        if (a->bias) scores[j] += a->bias[query - j];
        most = scores[j] > most ? scores[j] : most;
    }
    for (int j = 0; j < a->tokens; j++) sum += scores[j] = expf(scores[j] - most);
    for (int d = 0; d < a->head_size; d++) {
        float total = 0;
        for (int j = 0; j < a->tokens; j++)
            total += scores[j] * element(precision, a->v, j * a->v_stride + d);
        a->out[query * a->out_stride + d] = total / sum;
    }
}

static void softmax(const tf_rows *p) {
    for (int row = 0; row < p->rows; row++) {
        float *x = p->x + row * p->stride, most = x[0], sum = 0;
        for (int i = 1; i < p->width; i++) most = x[i] > most ? x[i] : most;
        for (int i = 0; i < p->width; i++) sum += x[i] = expf(x[i] - most);
        for (int i = 0; i < p->width; i++) x[i] /= sum;
    }
}

static void layer_norm(const tf_rows *p) {
    for (int i = 0; i < p->rows; i++)
        normalise_row(p->x + i * p->stride, p->width, p->gamma, p->beta, p->epsilon);
}

static void sum_rows(float *out, const float *a, const float *b, const float *c, int64_t count) {
    for (int64_t i = 0; i < count; i++) out[i] = c ? a[i] + b[i] + c[i] : a[i] + b[i];
}

static void activate(float *x, int64_t count, int32_t epilogue) {
    for (int64_t i = 0; i < count; i++) x[i] = activation(epilogue, x[i]);
}

static uint64_t read_memory(const void *bytes, int64_t count) {
    uint64_t sum = 0;
    for (int64_t i = 0; i < count / 8; i++) sum += ((const uint64_t *)bytes)[i];
    return sum;
}

static double no_peak(int64_t rounds) { return (void)rounds, 0.0; }

static void pack_f32(const tf_pack *p) { pack(TF_F32, p); }
static void pack_bf16(const tf_pack *p) { pack(TF_BF16, p); }
static void pack_int8(const tf_pack *p) { pack(TF_INT8, p); }
static void pack_weights_f32(const tf_pack_weights *p) { pack_weights(TF_F32, p); }
static void pack_weights_bf16(const tf_pack_weights *p) { pack_weights(TF_BF16, p); }
static void pack_weights_int8(const tf_pack_weights *p) { pack_weights(TF_INT8, p); }
static void product_f32(const tf_product *p) { product(TF_F32, p); }
static void product_bf16(const tf_product *p) { product(TF_BF16, p); }
static void product_int8(const tf_product *p) { product(TF_INT8, p); }
static void attention_f32(const tf_attention *a) {
    for (int q = a->first_query; q < a->end_query; q++) attend(TF_F32, a, q);
}
static void attention_bf16(const tf_attention *a) {
    for (int q = a->first_query; q < a->end_query; q++) attend(TF_BF16, a, q);
}

const tf_kernels tf_kernels_scalar = {
    .name = "scalar",
    .panel_rows = {TF_PANEL_ROWS_MAX, TF_PANEL_ROWS_MAX, TF_PANEL_ROWS_MAX},
    .part_units = 1024,
    .pack = {pack_f32, pack_bf16, pack_int8},
    .pack_weights = {pack_weights_f32, pack_weights_bf16, pack_weights_int8},
    .product = {product_f32, product_bf16, product_int8},
    .attention = {attention_f32, attention_bf16},
    .layer_norm = layer_norm,
    .sum_rows = sum_rows,
    .softmax = softmax,
    .activate = activate,
    .peak = {no_peak, no_peak, no_peak},
    .read_memory = read_memory,
    .learning = &tf_learning_scalar,
};
