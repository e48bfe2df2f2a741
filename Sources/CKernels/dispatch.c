// Which tables this build holds and which of them this processor can run.
//
// Support is asked of `cpuid` and of the operating system (`xgetbv`: does it save the wide
// registers), never of the environment.
#include "internal.h"

int64_t tf_attention_scratch_bytes(int32_t tokens, int32_t head_size) {
    const int64_t keys = (tokens + 15) / 16 * 16, dims = (head_size + 15) / 16 * 16;
    const int64_t units = 2 * keys * dims + 2 * dims * TF_PANEL_COLUMNS
                          + 2 * keys * TF_PANEL_COLUMNS;
    return units * TF_UNIT_BYTES + 64;
}

#if defined(__x86_64__)
#include <cpuid.h>

static const tf_kernels *const tables[] = {
    &tf_kernels_scalar, &tf_kernels_avx2, &tf_kernels_avx512, &tf_kernels_avx512vnni,
    &tf_kernels_avx512bf16,
};

static bool saves_registers(uint32_t mask) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a & mask) == mask;
}

bool tf_supported(int index) {
    enum { YMM = 0x6, ZMM = 0xe6 };
    uint32_t a = 0, b = 0, c = 0, d = 0, fma, b7 = 0, c7 = 0, a71 = 0;
    if (index == 0) return true;
    if (index < 0 || index > 4 || !__get_cpuid(1, &a, &b, &fma, &d)) return false;
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d)) return false;
    if (a >= 1) __get_cpuid_count(7, 1, &a71, &b, &c, &d);
    const uint32_t base = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    const bool avx2 = (b7 & bit_AVX2) && (fma & bit_FMA) && (fma & bit_F16C);
    const bool avx512 = avx2 && (b7 & base) == base && saves_registers(ZMM);
    switch (index) {
    case 1: return avx2 && saves_registers(YMM);
    case 2: return avx512;
    case 3: return avx512 && (c7 & bit_AVX512VNNI);
    default: return avx512 && (c7 & bit_AVX512VNNI) && (a71 & bit_AVX512BF16);
    }
}
#else
static const tf_kernels *const tables[] = {&tf_kernels_scalar};
bool tf_supported(int index) { return index == 0; }
#endif

const tf_kernels *tf_table(int index) {
    return index >= 0 && index < (int)(sizeof tables / sizeof *tables) ? tables[index] : NULL;
}
