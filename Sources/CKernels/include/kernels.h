// The SIMD kernels: plain C functions over caller's memory, one table of them an instruction set.
//
// Every function is single-threaded, allocates nothing, keeps no state and writes only where its
// arguments say; partition over threads is the caller's (Numerics). Whatever the partition, an
// output element is computed by the same operations in the same order, so results are bitwise
// equal for any batch, block and thread count. README.md draws the layouts.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learning.h"

// Only the table's functions are said never to be null; arguments need no such words.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wnullability-completeness"

// One "unit" is the 4 bytes that one lane of a dot-product instruction reads of a row:
// 1 float, 2 bfloat16 or 4 bytes of int8.
enum { TF_F32 = 0, TF_BF16 = 1, TF_INT8 = 2, TF_PRECISIONS = 3 };
enum { TF_PANEL_COLUMNS = 32, TF_PANEL_ROWS_MAX = 14, TF_UNIT_BYTES = 4 };
enum { TF_BIAS_SLACK = TF_PANEL_COLUMNS - 1 };

// What a product does with an element before it is stored. The f32 variants write float, the
// bf16 variant bfloat16. ADD reads what stands in `out` and adds to it (the residual).
enum {
    TF_STORE = 0, TF_ADD = 1, TF_GELU_ERF = 2, TF_GELU_TANH = 3, TF_RELU = 4, TF_TANH = 5,
    TF_STORE_BF16 = 6,
};

// Rows of activations, packed for the product: `rows` rows in panels of `panel_rows`; a panel is
// [units][panel_rows] units. int8: u8 with a scale and a zero point a row.
typedef struct tf_activations {
    void *panels;
    float *scale;      // [rows], int8 only: x = scale * (q - zero)
    int32_t *zero;     // [rows], int8 only
    int64_t units;     // of a row: ceil(width / values in a unit)
    int32_t rows, panel_rows;
} tf_activations;

// Weights [N, K], packed in panels of 32 columns (output channels): [units][32] units each.
typedef struct tf_weights {
    const void *panels;
    const float *scale;    // [N to 32], int8 only: w = scale * q
    const int32_t *sum;    // [N to 32], int8 only: sum of q over K, to take the zero point out
    int64_t units;
    int32_t columns;       // N
} tf_weights;

typedef struct tf_product {
    tf_activations a;
    tf_weights w;
    const float *bias;              // [N] or null
    void *out;                      // [rows, N] row-major
    int64_t out_stride;             // in elements
    int32_t first_panel, end_panel; // panels of 32 columns to compute
    int32_t epilogue;
} tf_product;

// Packs rows [rows, width] of floats; with gamma, first normalises them in place (layer norm).
typedef struct tf_pack {
    float *x;
    int64_t x_stride;
    int32_t width;
    int32_t first_panel, end_panel; // panels of a.panel_rows rows to pack
    const float *gamma, *beta;      // [width] or null
    float epsilon;
    tf_activations a;
} tf_pack;

// Packs weights [N, K] (row-major floats) into panels; int8 also fills scale and sum.
typedef struct tf_pack_weights {
    const float *w;
    int64_t w_stride;
    int32_t width; // K
    int32_t columns, first_panel, end_panel;
    void *panels;
    float *scale;
    int32_t *sum;
    int64_t units;
} tf_pack_weights;

// softmax(q k^T * factor + bias) v of one head of one text. q, k, v: [n, D] with strides, floats or
// bfloat16; out: floats. Only queries first_query..<end_query are computed and written.
//
// The bias of query i and key j is bias[i - j], or nothing when it is null. Queries come 32 at a
// time: bias[-(n - 1)] to bias[end_query - 1 + TF_BIAS_SLACK] must be memory that may be read, of
// which what lies past the last query has no influence.
typedef struct tf_attention {
    const void *q, *k, *v;
    int64_t q_stride, k_stride, v_stride, out_stride; // in elements
    float *out;
    void *scratch; // tf_attention_scratch_bytes(n, D), 64-byte aligned
    const float *bias; // or null
    float factor;
    int32_t tokens, head_size, first_query, end_query;
} tf_attention;

// Rows that a layer norm or a softmax replaces in place.
typedef struct tf_rows {
    float *x;
    int64_t stride;
    int32_t rows, width;
    const float *gamma, *beta;
    float epsilon;
} tf_rows;

typedef struct tf_kernels {
    const char *name;
    int32_t panel_rows[TF_PRECISIONS]; // the most rows of a panel that the product takes
    int32_t part_units; // the most of a sum in training: 60 rows are a quarter of the L2 cache
    void (*_Nonnull pack[TF_PRECISIONS])(const tf_pack *);
    void (*_Nonnull pack_weights[TF_PRECISIONS])(const tf_pack_weights *);
    void (*_Nonnull product[TF_PRECISIONS])(const tf_product *);
    void (*_Nonnull attention[2])(const tf_attention *); // f32, bf16
    void (*_Nonnull layer_norm)(const tf_rows *);
    // a + b + c, or a + b when c is null.
    void (*_Nonnull sum_rows)(float *out, const float *a, const float *b, const float *c,
                              int64_t count);
    void (*_Nonnull softmax)(const tf_rows *);            // rows in place; gamma, beta unused
    void (*_Nonnull activate)(float *x, int64_t count, int32_t epilogue);
    // Register-only loops that find the processor's limit: returns operations done (0: none).
    double (*_Nonnull peak[TF_PRECISIONS])(int64_t rounds);
    uint64_t (*_Nonnull read_memory)(const void *bytes, int64_t count); // a checksum of sorts
    const tf_learning *_Nonnull learning; // what only training needs
} tf_kernels;

// Tables from the plainest to the richest; `tf_table(i)` is null past the last.
// A table whose instructions this processor lacks must not be called: ask `tf_supported`.
const tf_kernels *tf_table(int index);
bool tf_supported(int index);

// The scalar epilogue over a tile [rows][32] of f32 sums that somebody else has made: bias, what
// `epilogue` says, and the way out. The tile's first element is [first_row, 32 * panel] of `out`.
void tf_finish_scalar(const tf_product *p, int32_t first_row, int32_t rows, int32_t panel,
                      const float *tile);

int64_t tf_attention_scratch_bytes(int32_t tokens, int32_t head_size);

static inline void tf_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb");
#endif
}

#pragma clang diagnostic pop
