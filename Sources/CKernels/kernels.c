// The SIMD kernels: to be furnished.
