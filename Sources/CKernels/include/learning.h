// The kernels that only training needs: backward passes, dropout, the optimiser's step.
//
// The same promises as in kernels.h hold: single-threaded, no allocation, no state, and an element
// of a result is computed by the same operations whatever part of the work a call does. Sums over
// rows run down columns in rising order of rows, so a caller that gives threads different columns
// gets the same sums from any number of them.
#pragma once
#include <stdint.h>

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"

// Packs a matrix whose columns are what a product sums over: x [width, columns], panels of `height`
// columns, units of 1 float or 2 bfloat16 that follow each other down a column. The panels are
// those of tf_weights with height 32 (padded with zeros to it), or of tf_activations.
typedef struct tf_pack_down {
    const float *x;
    int64_t x_stride;
    int32_t width, columns, height;
    int32_t first_panel, end_panel;
    void *panels;
    int64_t units; // of a column: ceil(width / values in a unit)
} tf_pack_down;

// y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, backwards. Rows: dx from dy, and each
// row's mean and inverse deviation. Columns first..<end: gamma and beta's gradients, added.
typedef struct tf_norm_backward {
    const float *x, *dy;
    float *dx;
    int64_t x_stride, dy_stride, dx_stride;
    int32_t first_row, end_row, width;
    const float *gamma;
    float epsilon;
    float *mean, *inverse; // [rows]
} tf_norm_backward;

typedef struct tf_norm_sums {
    const float *x, *dy;
    int64_t x_stride, dy_stride;
    int32_t rows, first_column, end_column;
    const float *mean, *inverse; // [rows]
    float *gamma, *beta;         // gradients [width]
} tf_norm_sums;

// Zeroes an element with the probability threshold / 2^32 and multiplies the others by `scale`.
// Which ones depends on the keys and on the element's number alone.
typedef struct tf_dropout {
    float *x;
    int64_t count;
    uint32_t first; // number of x[0]
    uint32_t key, second_key, threshold;
    float scale;
} tf_dropout;

// AdamW (Loshchilov and Hutter 2019) over `count` parameters; gradients are taken times `scale` and
// left zero. correction1 = 1 / (1 - beta1^t), correction2 = 1 / (1 - beta2^t).
typedef struct tf_adamw {
    float *w, *gradient, *moment, *square;
    int64_t count;
    float scale, rate, decay, beta1, beta2, epsilon, correction1, correction2;
} tf_adamw;

typedef struct tf_learning {
    void (*_Nonnull pack_down[2])(const tf_pack_down *); // f32, bf16
    void (*_Nonnull norm_backward)(const tf_norm_backward *);
    void (*_Nonnull norm_sums)(const tf_norm_sums *);
    // sum[c] += x[0][c] + x[1][c] + ... for c in 0..<columns
    void (*_Nonnull sum_down)(const float *x, int64_t stride, int32_t rows, int32_t columns,
                              float *sum);
    // d *= derivative of the activation at x (an epilogue of kernels.h)
    void (*_Nonnull activate_backward)(const float *x, float *d, int64_t count, int32_t epilogue);
    // d = p * (d - sum(d * p)) * factor, row by row, where p is a softmax and d its gradient
    void (*_Nonnull softmax_backward)(const float *p, float *d, int64_t stride, int32_t rows,
                                      int32_t width, float factor);
    void (*_Nonnull dropout)(const tf_dropout *);
    void (*_Nonnull accumulate)(float *sum, const float *x, int64_t count); // sum += x
    void (*_Nonnull scale)(float *x, int64_t count, float factor);          // x *= factor
    void (*_Nonnull adamw)(const tf_adamw *);
    double (*_Nonnull sum_squares)(const float *x, int64_t count);
} tf_learning;

#pragma clang diagnostic pop
