// exp2, GELU (erf and tanh form) and tanh over vectors.
//
// Bounds, from the fits (Lawson-weighted least squares on Chebyshev nodes) and checked against
// double precision by the tests:
//   exp2      relative 1.5e-7 for -126 <= t <= 127, clamped outside
//   gelu_erf  absolute 2e-7 * max(1, |x|): x * Phi(x) = max(x, 0) - g(|x|),
//             g(t) = t * exp(-t^2/2) * R(1 / (1 + 0.3 t)), R of degree 8, relative 5.8e-8
//   gelu_fast absolute 2e-5: the same with g a polynomial of degree 10 on 0..4.5; for the bf16
//             and int8 products, whose own rounding of the same element is 100 times that
INL vf tf_exp2(vf t) {
    t = vf_min(vf_set(127.0f), vf_max(vf_set(-126.0f), t));
    vf whole = vf_round(t);
    vf r = t - whole;
    vf p = vf_set(0.001327647129073739f);
    p = vf_fma(p, r, vf_set(0.009675541892647743f));
    p = vf_fma(p, r, vf_set(0.05550713092088699f));
    p = vf_fma(p, r, vf_set(0.24022120237350464f));
    p = vf_fma(p, r, vf_set(0.6931469440460205f));
    p = vf_fma(p, r, vf_set(1.0000001192092896f));
    return (vf)((vu)p + ((vu)vf_to_int(whole) << 23));
}

// exp2 for the weights of softmax, t <= 0 but for rounding; far below -126 it ends in zero.
// Relative error 1.5e-7 for f32, 2.7e-6 for bf16 (which then rounds by 2^-8).
// On AVX-512 one instruction takes the fraction and one the power: r = t - floor(t) in 0..<1.
INL vf tf_softmax_exp2(vf t, const bool exact) {
#if LANES == 16
    const vf r = (vf)_mm512_reduce_ps((__m512)t, 0x01);
    vf p;
    if (exact) {
        p = vf_fma(vf_set(0.0018775765784084797f), r, vf_set(0.008989340625703335f));
        p = vf_fma(p, r, vf_set(0.05582631751894951f));
        p = vf_fma(p, r, vf_set(0.24015361070632935f));
        p = vf_fma(p, r, vf_set(0.6931530833244324f));
        p = vf_fma(p, r, vf_set(0.9999999403953552f));
    } else {
        p = vf_fma(vf_set(0.013534167781472206f), r, vf_set(0.05201146379113197f));
        p = vf_fma(p, r, vf_set(0.2414427548646927f));
        p = vf_fma(p, r, vf_set(0.6930038332939148f));
        p = vf_fma(p, r, vf_set(1.0000026226043701f));
    }
    return (vf)_mm512_scalef_ps((__m512)p, (__m512)t);
#else
    return (void)exact, tf_exp2(t);
#endif
}

#define TF_LOG2E 1.4426950408889634f

// R of tf_gelu_erf at t >= 0: the normal distribution's tail over exp(-t^2/2).
INL vf tf_gelu_tail(vf t) {
    static const float r8[9] = {
        7.168860065576155e-06f, 0.1194876879453659f, 0.12192033976316452f,
        0.09468354284763336f, 0.1425354778766632f, -0.07650639116764069f,
        0.2286600023508072f, -0.16916605830192566f, 0.0383782796561718f,
    };
    vf u = vf_set(1.0f) / vf_fma(t, vf_set(0.3f), vf_set(1.0f));
    vf p = vf_set(r8[8]);
    for (int i = 7; i >= 0; i--) p = vf_fma(p, u, vf_set(r8[i]));
    return p;
}

INL vf tf_gelu_erf(vf x) {
    vf t = vf_abs(x);
    vf g = t * tf_exp2(t * t * vf_set(-0.5f * TF_LOG2E)) * tf_gelu_tail(t);
    return vf_max(vf_set(0.0f), x) - g;
}

INL vf tf_gelu_fast(vf x) {
    static const float g10[11] = {
        0.02749713324010372f, -0.13303950428962708f, 0.24659240245819092f,
        -0.1472158133983612f, -0.2029682993888855f, 0.43478143215179443f,
        -0.2049071490764618f, -0.1763150840997696f, 0.17638030648231506f,
        0.021782521158456802f, -0.042586736381053925f,
    };
    vf t = vf_min(vf_set(4.5f), vf_abs(x));
    vf z = vf_fma(t, vf_set(2.0f / 4.5f), vf_set(-1.0f));
    vf p = vf_set(g10[10]);
    for (int i = 9; i >= 0; i--) p = vf_fma(p, z, vf_set(g10[i]));
    return vf_max(vf_set(0.0f), x) - p;
}

// 0.5 x (1 + tanh(c (x + 0.044715 x^3))) = x / (1 + exp(-2 c (x + 0.044715 x^3))), c = sqrt(2/pi)
INL vf tf_gelu_tanh(vf x) {
    const float scale = -2.0f * 0.7978845608028654f * TF_LOG2E;
    vf inner = x * vf_fma(x * x, vf_set(0.044715f), vf_set(1.0f));
    return x / (vf_set(1.0f) + tf_exp2(inner * vf_set(scale)));
}

// 1 - 2 / (exp(2x) + 1)
INL vf tf_tanh(vf x) {
    return vf_set(1.0f) - vf_set(2.0f) / (tf_exp2(x * vf_set(2.0f * TF_LOG2E)) + vf_set(1.0f));
}

INL vf tf_relu(vf x) { return vf_max(vf_set(0.0f), x); }

INL vf tf_activation(const int epilogue, const bool exact, vf x) {
    switch (epilogue) {
    case TF_GELU_ERF: return exact ? tf_gelu_erf(x) : tf_gelu_fast(x);
    case TF_GELU_TANH: return tf_gelu_tanh(x);
    case TF_RELU: return tf_relu(x);
    case TF_TANH: return tf_tanh(x);
    default: return x;
    }
}
