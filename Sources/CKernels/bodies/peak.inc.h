// The processor's limit: dot products on registers alone, as many accumulators as latency needs.
// Included after tile.inc.h. Returns the operations done (a multiply and an add count as two).
double TILE_FN(tf_peak)(int64_t rounds) {
    enum { CHAINS = LANES == 16 ? 24 : 12 };
    char ones[LANES * 4];
    for (int i = 0; i < LANES * 4; i++) ones[i] = 1;
    tile_vector sum[CHAINS] = {{0}};
    tile_a a = TILE_A(ones);
    tile_b b = TILE_B(ones);
    for (int64_t i = 0; i < rounds; i++) {
#pragma clang loop unroll(full)
        for (int c = 0; c < CHAINS; c++) {
            sum[c] = TILE_DOT(sum[c], a, b);
            // Keeps the compiler from removing or merging the sums.
#if LANES == 16
            __asm__ volatile("" : "+v"(sum[c]));
#elif defined TILE_HALVES
            __asm__ volatile("" : "+x"(sum[c]), "+x"(a.even), "+x"(a.odd));
#else
            __asm__ volatile("" : "+x"(sum[c]));
#endif
        }
    }
    tile_vector total = sum[0];
    for (int c = 1; c < CHAINS; c++) total += sum[c];
    vu_store(ones, (vu)total);
    __asm__ volatile("" ::"r"(ones) : "memory");
    return (double)rounds * CHAINS * LANES * TILE_VALUES * 2.0;
}
