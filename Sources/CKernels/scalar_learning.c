// The plain body of what only training needs: the oracle of the tests, and the portable path.
//
// Sums are taken in double and rounded once. What is not a sum follows learning.h to the letter, so
// that dropout drops the same elements on every processor.
#include "internal.h"

static float at(const tf_pack_down *p, int64_t row, int column) {
    return row < p->width && column < p->columns ? p->x[row * p->x_stride + column] : 0.0f;
}

static void pack_down(int precision, const tf_pack_down *p) {
    for (int panel = p->first_panel; panel < p->end_panel; panel++) {
        const int first = panel * p->height, left = p->columns - first;
        const int count = left < p->height && p->height != TF_PANEL_COLUMNS ? left : p->height;
        uint32_t *to = (uint32_t *)p->panels + (int64_t)first * p->units;
        for (int64_t u = 0; u < p->units; u++, to += p->height)
            for (int c = 0; c < count; c++) {
                if (precision == TF_F32) {
                    const float x = at(p, u, first + c);
                    __builtin_memcpy(to + c, &x, 4);
                } else {
                    to[c] = (uint32_t)bf16_of(at(p, 2 * u, first + c))
                            | (uint32_t)bf16_of(at(p, 2 * u + 1, first + c)) << 16;
                }
            }
    }
}

static void pack_down_f32(const tf_pack_down *p) { pack_down(TF_F32, p); }
static void pack_down_bf16(const tf_pack_down *p) { pack_down(TF_BF16, p); }

static void norm_backward(const tf_norm_backward *p) {
    for (int row = p->first_row; row < p->end_row; row++) {
        const float *x = p->x + row * p->x_stride;
        const float *d = p->dy + row * p->dy_stride;
        float *to = p->dx + row * p->dx_stride;
        double sum = 0, squares = 0, of_g = 0, of_gn = 0;
        for (int i = 0; i < p->width; i++) sum += x[i];
        const double mean = sum / p->width;
        for (int i = 0; i < p->width; i++) squares += (x[i] - mean) * (x[i] - mean);
        const double inverse = 1.0 / sqrt(squares / p->width + (double)p->epsilon);
        for (int i = 0; i < p->width; i++) {
            const double g = (double)d[i] * p->gamma[i];
            of_g += g;
            of_gn += g * (x[i] - mean) * inverse;
        }
        for (int i = 0; i < p->width; i++) {
            const double g = (double)d[i] * p->gamma[i], n = (x[i] - mean) * inverse;
            to[i] = (float)((g - of_g / p->width - n * of_gn / p->width) * inverse);
        }
        p->mean[row] = (float)mean;
        p->inverse[row] = (float)inverse;
    }
}

static void norm_sums(const tf_norm_sums *p) {
    for (int c = p->first_column; c < p->end_column; c++) {
        double gamma = p->gamma[c], beta = p->beta[c];
        for (int row = 0; row < p->rows; row++) {
            const double dy = p->dy[row * p->dy_stride + c];
            gamma += dy * ((double)p->x[row * p->x_stride + c] - p->mean[row]) * p->inverse[row];
            beta += dy;
        }
        p->gamma[c] = (float)gamma;
        p->beta[c] = (float)beta;
    }
}

static void sum_down(const float *x, int64_t stride, int32_t rows, int32_t columns, float *sum) {
    for (int c = 0; c < columns; c++) {
        double total = sum[c];
        for (int row = 0; row < rows; row++) total += x[row * stride + c];
        sum[c] = (float)total;
    }
}

static double slope(int epilogue, double x) {
    const double c = 0.7978845608028654; // sqrt(2 / pi)
    const double t = tanh(epilogue == TF_GELU_TANH ? c * (x + 0.044715 * x * x * x) : x);
    switch (epilogue) {
    case TF_GELU_ERF:
        return 0.5 * erfc(x * -0.7071067811865476) + x * exp(-0.5 * x * x) * 0.3989422804014327;
    case TF_GELU_TANH:
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x);
    case TF_RELU: return x > 0;
    case TF_TANH: return 1 - t * t;
    default: return 1;
    }
}

static void activate_backward(const float *x, float *d, int64_t count, int32_t epilogue) {
    for (int64_t i = 0; i < count; i++) d[i] *= (float)slope(epilogue, x[i]);
}

static void softmax_backward(const float *p, float *d, int64_t stride, int32_t rows,
                             int32_t width, float factor) {
    for (int row = 0; row < rows; row++, p += stride, d += stride) {
        double sum = 0;
        for (int i = 0; i < width; i++) sum += (double)p[i] * d[i];
        for (int i = 0; i < width; i++) d[i] = p[i] * (d[i] - (float)sum) * factor;
    }
}

static void dropout(const tf_dropout *p) {
    for (int64_t i = 0; i < p->count; i++) {
        uint32_t x = ((p->first + (uint32_t)i) * 0x9e3779b9u) ^ p->key;
        x = (x ^ x >> 16) * 0x85ebca6bu;
        x = ((x ^ x >> 13) + p->second_key) * 0xc2b2ae35u;
        x ^= x >> 16;
        p->x[i] *= x >= p->threshold ? p->scale : 0.0f;
    }
}

static void accumulate(float *sum, const float *x, int64_t count) {
    for (int64_t i = 0; i < count; i++) sum[i] += x[i];
}

static void scale(float *x, int64_t count, float factor) {
    for (int64_t i = 0; i < count; i++) x[i] *= factor;
}

static void adamw(const tf_adamw *p) {
    for (int64_t i = 0; i < p->count; i++) {
        const float g = p->gradient[i] * p->scale;
        const float m = p->beta1 * p->moment[i] + (1.0f - p->beta1) * g;
        const float v = p->beta2 * p->square[i] + (1.0f - p->beta2) * g * g;
        p->w[i] = p->w[i] * (1.0f - p->rate * p->decay)
                  - p->rate * (m * p->correction1) / (sqrtf(v * p->correction2) + p->epsilon);
        p->moment[i] = m;
        p->square[i] = v;
        p->gradient[i] = 0;
    }
}

static double sum_squares(const float *x, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += (double)x[i] * x[i];
    return sum;
}

const tf_learning tf_learning_scalar = {
    .pack_down = {pack_down_f32, pack_down_bf16},
    .norm_backward = norm_backward,
    .norm_sums = norm_sums,
    .sum_down = sum_down,
    .activate_backward = activate_backward,
    .softmax_backward = softmax_backward,
    .dropout = dropout,
    .accumulate = accumulate,
    .scale = scale,
    .adamw = adamw,
    .sum_squares = sum_squares,
};
