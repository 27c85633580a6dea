/* A few operations on CALO_CPU_LANES numbers at once. The kernels are written once on these and on
 * the compilers' vector types (whose + - * / << & | work as on scalars), and built for each
 * instruction set. Intrinsics stand only here, where compilers do not find the instruction by
 * themselves. Every operation gives the same bits on every instruction set. */
#ifndef CALO_BASE_LANES_H
#define CALO_BASE_LANES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#ifndef CALO_CPU_LANES
#define CALO_CPU_LANES 4
#endif
enum { LANES = CALO_CPU_LANES };

typedef float lanes_f __attribute__((vector_size(4 * CALO_CPU_LANES)));
typedef int32_t lanes_i __attribute__((vector_size(4 * CALO_CPU_LANES)));
typedef uint32_t lanes_u __attribute__((vector_size(4 * CALO_CPU_LANES)));
typedef int16_t lanes_s __attribute__((vector_size(4 * CALO_CPU_LANES))); /* two a lane */

/* The vectors of the instruction set, and its operations that have the same name for all widths. */
#if CALO_CPU_LANES == 16
typedef __m512 lanes_native;
typedef __m512i lanes_wide;
#define CALO_NATIVE(operation) _mm512_##operation
#elif CALO_CPU_LANES == 8
typedef __m256 lanes_native;
typedef __m256i lanes_wide;
#define CALO_NATIVE(operation) _mm256_##operation
#elif defined(__SSE2__)
typedef __m128 lanes_native;
typedef __m128i lanes_wide;
#define CALO_NATIVE(operation) _mm_##operation
#endif

/* Before a loop over the lanes whose body needs the lane's number at compile time. */
#if defined(__clang__)
#define LANES_UNROLL _Pragma("clang loop unroll(full)")
#else
#define LANES_UNROLL _Pragma("GCC unroll 16")
#endif

#define LANES_INLINE static inline __attribute__((always_inline))

/* ---- making, loading, storing ---- */

LANES_INLINE lanes_f lanes_float(float x)
{
#if CALO_CPU_LANES == 16
    return (lanes_f){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
#elif CALO_CPU_LANES == 8
    return (lanes_f){x, x, x, x, x, x, x, x};
#else
    return (lanes_f){x, x, x, x};
#endif
}

LANES_INLINE lanes_i lanes_int(int32_t x)
{
#if CALO_CPU_LANES == 16
    return (lanes_i){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
#elif CALO_CPU_LANES == 8
    return (lanes_i){x, x, x, x, x, x, x, x};
#else
    return (lanes_i){x, x, x, x};
#endif
}

/* 0, 1, 2, ... */
LANES_INLINE lanes_i lanes_count(void)
{
#if CALO_CPU_LANES == 16
    return (lanes_i){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif CALO_CPU_LANES == 8
    return (lanes_i){0, 1, 2, 3, 4, 5, 6, 7};
#else
    return (lanes_i){0, 1, 2, 3};
#endif
}

LANES_INLINE lanes_f lanes_load(const float *from)
{
    lanes_f v;
    memcpy(&v, from, sizeof v);
    return v;
}

LANES_INLINE lanes_i lanes_load_int(const void *from)
{
    lanes_i v;
    memcpy(&v, from, sizeof v);
    return v;
}

LANES_INLINE void lanes_store(float *to, lanes_f v) { memcpy(to, &v, sizeof v); }
LANES_INLINE void lanes_store_int(void *to, lanes_i v) { memcpy(to, &v, sizeof v); }

/* ---- masks ---- */

#if CALO_CPU_LANES == 16
typedef __mmask16 lanes_m;
LANES_INLINE lanes_m lanes_less(lanes_f a, lanes_f b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ); }
LANES_INLINE lanes_m lanes_at_most(lanes_f a, lanes_f b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LE_OQ); }
LANES_INLINE lanes_m lanes_equal(lanes_f a, lanes_f b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ); }
LANES_INLINE lanes_m lanes_less_int(lanes_i a, lanes_i b) { return _mm512_cmplt_epi32_mask((__m512i)a, (__m512i)b); }
LANES_INLINE lanes_m lanes_equal_int(lanes_i a, lanes_i b) { return _mm512_cmpeq_epi32_mask((__m512i)a, (__m512i)b); }
LANES_INLINE lanes_m lanes_not(lanes_m m) { return (lanes_m)~m; }
LANES_INLINE uint32_t lanes_bits(lanes_m m) { return m; }
LANES_INLINE lanes_m lanes_from_bits(uint32_t bits) { return (lanes_m)bits; }
LANES_INLINE lanes_f lanes_pick(lanes_m m, lanes_f yes, lanes_f no)
{
    return (lanes_f)_mm512_mask_blend_ps(m, (__m512)no, (__m512)yes);
}
LANES_INLINE lanes_i lanes_pick_int(lanes_m m, lanes_i yes, lanes_i no)
{
    return (lanes_i)_mm512_mask_blend_epi32(m, (__m512i)no, (__m512i)yes);
}
#else
typedef lanes_i lanes_m;
LANES_INLINE lanes_m lanes_less(lanes_f a, lanes_f b) { return a < b; }
LANES_INLINE lanes_m lanes_at_most(lanes_f a, lanes_f b) { return a <= b; }
LANES_INLINE lanes_m lanes_equal(lanes_f a, lanes_f b) { return a == b; }
LANES_INLINE lanes_m lanes_less_int(lanes_i a, lanes_i b) { return a < b; }
LANES_INLINE lanes_m lanes_equal_int(lanes_i a, lanes_i b) { return a == b; }
LANES_INLINE lanes_m lanes_not(lanes_m m) { return ~m; }
LANES_INLINE uint32_t lanes_bits(lanes_m m)
{
#if CALO_CPU_LANES == 8
    return (uint32_t)_mm256_movemask_ps((__m256)m);
#elif defined(__SSE2__)
    return (uint32_t)_mm_movemask_ps((__m128)m);
#else
    uint32_t bits = 0;
    for (int i = 0; i < LANES; i++)
        bits |= (uint32_t)(m[i] & 1) << i;
    return bits;
#endif
}
LANES_INLINE lanes_m lanes_from_bits(uint32_t bits)
{
    lanes_i bit = lanes_int(1) << lanes_count();
    return (lanes_int((int32_t)bits) & bit) == bit;
}
LANES_INLINE lanes_i lanes_pick_int(lanes_m m, lanes_i yes, lanes_i no)
{
#if CALO_CPU_LANES == 8
    return (lanes_i)_mm256_blendv_epi8((__m256i)no, (__m256i)yes, (__m256i)m);
#else
    return (m & yes) | (~m & no);
#endif
}
LANES_INLINE lanes_f lanes_pick(lanes_m m, lanes_f yes, lanes_f no)
{
    return (lanes_f)lanes_pick_int(m, (lanes_i)yes, (lanes_i)no);
}
#endif

/* A bit for each of four numbers side by side that equals `value`. */
LANES_INLINE uint32_t lanes_equal4(const uint32_t numbers[4], uint32_t value)
{
#if defined(__SSE2__)
    __m128i quad = _mm_loadu_si128((const __m128i *)(const void *)numbers);
    return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(quad, _mm_set1_epi32((int32_t)value))));
#else
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++)
        bits |= (uint32_t)(numbers[i] == value) << i;
    return bits;
#endif
}

LANES_INLINE bool lanes_any(lanes_m m) { return lanes_bits(m) != 0; }
LANES_INLINE bool lanes_all(lanes_m m) { return lanes_bits(m) == (1u << LANES) - 1; }

/* ---- numbers ---- */

/* The second where one is NaN, as calo_minf and calo_maxf. */
LANES_INLINE lanes_f lanes_min(lanes_f a, lanes_f b)
{
#if defined(__SSE2__)
    return (lanes_f)CALO_NATIVE(min_ps)((lanes_native)a, (lanes_native)b);
#else
    return lanes_pick(a < b, a, b);
#endif
}

LANES_INLINE lanes_f lanes_max(lanes_f a, lanes_f b)
{
#if defined(__SSE2__)
    return (lanes_f)CALO_NATIVE(max_ps)((lanes_native)a, (lanes_native)b);
#else
    return lanes_pick(a > b, a, b);
#endif
}

/* `low` where the value is NaN. */
LANES_INLINE lanes_f lanes_clamp(lanes_f v, float low, float high)
{
    return lanes_min(lanes_max(v, lanes_float(low)), lanes_float(high));
}

LANES_INLINE lanes_i lanes_min_int(lanes_i a, lanes_i b) { return lanes_pick_int(lanes_less_int(a, b), a, b); }

/* As unsigned numbers. */
LANES_INLINE lanes_i lanes_min_unsigned(lanes_i a, lanes_i b)
{
#if CALO_CPU_LANES == 16
    return (lanes_i)_mm512_min_epu32((__m512i)a, (__m512i)b);
#elif CALO_CPU_LANES == 8
    return (lanes_i)_mm256_min_epu32((__m256i)a, (__m256i)b);
#else
    int32_t top = (int32_t)0x80000000u;
    return lanes_pick_int(lanes_less_int(a ^ top, b ^ top), a, b);
#endif
}

LANES_INLINE lanes_i lanes_max_int(lanes_i a, lanes_i b) { return lanes_pick_int(lanes_less_int(a, b), b, a); }

LANES_INLINE lanes_f lanes_sqrt(lanes_f v)
{
#if defined(__SSE2__)
    return (lanes_f)CALO_NATIVE(sqrt_ps)((lanes_native)v);
#else
    for (int i = 0; i < LANES; i++)
        v[i] = __builtin_sqrtf(v[i]);
    return v;
#endif
}

/* 1 / sqrt(v) for normal numbers, relative error below 3e-7: three of Newton's steps from the usual
 * integer guess, much cheaper than a root and a division. Exactly the same everywhere. */
LANES_INLINE lanes_f lanes_inverse_sqrt(lanes_f v)
{
    lanes_f half = v * 0.5f, r = (lanes_f)(0x5f375a86 - ((lanes_i)v >> 1));
    r *= 1.5f - half * r * r;
    r *= 1.5f - half * r * r;
    return r + r * (0.5f - half * r * r);
}

LANES_INLINE lanes_f lanes_abs(lanes_f v) { return (lanes_f)((lanes_i)v & 0x7fffffff); }
LANES_INLINE lanes_f lanes_from_int(lanes_i v) { return __builtin_convertvector(v, lanes_f); }

/* Toward zero; the value must lie within the range of int32_t. */
LANES_INLINE lanes_i lanes_truncate(lanes_f v)
{
#if defined(__SSE2__)
    return (lanes_i)CALO_NATIVE(cvttps_epi32)((lanes_native)v);
#else
    return __builtin_convertvector(v, lanes_i);
#endif
}

/* To the nearest, halves to the even one; the value must lie within the range of int32_t. */
LANES_INLINE lanes_i lanes_round(lanes_f v)
{
#if defined(__SSE2__)
    return (lanes_i)CALO_NATIVE(cvtps_epi32)((lanes_native)v);
#else
    for (int i = 0; i < LANES; i++)
        v[i] = __builtin_rintf(v[i]);
    return __builtin_convertvector(v, lanes_i);
#endif
}

/* The largest whole number not above, of values within the range of int32_t. */
LANES_INLINE lanes_f lanes_floor(lanes_f v)
{
#if CALO_CPU_LANES == 16
    return (lanes_f)_mm512_roundscale_ps((__m512)v, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
#elif CALO_CPU_LANES == 8
    return (lanes_f)_mm256_floor_ps((__m256)v);
#else
    lanes_f t = lanes_from_int(lanes_truncate(v));
    return t - lanes_pick(lanes_less(v, t), lanes_float(1), lanes_float(0));
#endif
}

/* Of pairs of 16 bits: the product of the low halves plus that of the high ones. */
LANES_INLINE lanes_i lanes_dot16(lanes_i a, lanes_i b)
{
#if defined(__SSE2__)
    return (lanes_i)CALO_NATIVE(madd_epi16)((lanes_wide)a, (lanes_wide)b);
#else
    return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
#endif
}

LANES_INLINE lanes_s lanes_min16(lanes_s a, lanes_s b)
{
#if defined(__SSE2__)
    return (lanes_s)CALO_NATIVE(min_epi16)((lanes_wide)a, (lanes_wide)b);
#else
    lanes_s less = a < b;
    return (less & a) | (~less & b);
#endif
}

LANES_INLINE lanes_s lanes_max16(lanes_s a, lanes_s b)
{
#if defined(__SSE2__)
    return (lanes_s)CALO_NATIVE(max_epi16)((lanes_wide)a, (lanes_wide)b);
#else
    lanes_s less = a < b;
    return (less & b) | (~less & a);
#endif
}

/* The lowest of all lanes. */
LANES_INLINE int32_t lanes_lowest(lanes_i v)
{
#if CALO_CPU_LANES == 16
    return _mm512_reduce_min_epi32((__m512i)v);
#elif CALO_CPU_LANES == 8
    __m128i low = _mm_min_epi32(_mm256_castsi256_si128((__m256i)v), _mm256_extracti128_si256((__m256i)v, 1));
    low = _mm_min_epi32(low, _mm_shuffle_epi32(low, 0x4e));
    return _mm_cvtsi128_si32(_mm_min_epi32(low, _mm_shuffle_epi32(low, 0xb1)));
#else
    int32_t low = v[0];
    for (int i = 1; i < LANES; i++)
        low = v[i] < low ? v[i] : low;
    return low;
#endif
}

/* ---- memory by index ---- */

LANES_INLINE lanes_i lanes_gather_int(const void *base, lanes_i index)
{
#if CALO_CPU_LANES == 16
    return (lanes_i)_mm512_i32gather_epi32((__m512i)index, base, 4);
#elif CALO_CPU_LANES == 8
    return (lanes_i)_mm256_i32gather_epi32(base, (__m256i)index, 4);
#else
    lanes_i v;
    for (int i = 0; i < LANES; i++)
        v[i] = ((const int32_t *)base)[index[i]];
    return v;
#endif
}

LANES_INLINE lanes_f lanes_gather(const float *base, lanes_i index) { return (lanes_f)lanes_gather_int(base, index); }

/* Each lane the value of the lane that `index` names. */
LANES_INLINE lanes_i lanes_spread_int(lanes_i v, lanes_i index)
{
#if CALO_CPU_LANES == 16
    return (lanes_i)_mm512_permutexvar_epi32((__m512i)index, (__m512i)v);
#elif CALO_CPU_LANES == 8
    return (lanes_i)_mm256_permutevar8x32_epi32((__m256i)v, (__m256i)index);
#else
    lanes_i out;
    for (int i = 0; i < LANES; i++)
        out[i] = v[index[i]];
    return out;
#endif
}

LANES_INLINE lanes_f lanes_spread(lanes_f v, lanes_i index) { return (lanes_f)lanes_spread_int((lanes_i)v, index); }

/* Each lane the value of the one before it, the first one that of the last. */
LANES_INLINE lanes_i lanes_rotate(lanes_i v)
{
    return lanes_spread_int(v, (lanes_count() + (LANES - 1)) & (LANES - 1));
}

/* From a table of 16. */
LANES_INLINE lanes_i lanes_lookup16(const uint32_t table[16], lanes_i index)
{
#if CALO_CPU_LANES == 16
    return lanes_spread_int(lanes_load_int(table), index);
#else
    return lanes_gather_int(table, index);
#endif
}

/* From a table of 32. */
LANES_INLINE lanes_i lanes_lookup32(const int32_t table[32], lanes_i index)
{
#if CALO_CPU_LANES == 16
    __m512i low = _mm512_loadu_si512(table), high = _mm512_loadu_si512(table + 16);
    return (lanes_i)_mm512_permutex2var_epi32(low, (__m512i)index, high);
#else
    return lanes_gather_int(table, index);
#endif
}

/* From a table of 64 that fits into registers. */
LANES_INLINE lanes_i lanes_lookup64(const int32_t table[64], lanes_i index)
{
#if CALO_CPU_LANES == 16
    __m512i i = (__m512i)index, t0 = _mm512_load_si512(table), t1 = _mm512_load_si512(table + 16);
    __m512i t2 = _mm512_load_si512(table + 32), t3 = _mm512_load_si512(table + 48);
    __m512i low = _mm512_permutex2var_epi32(t0, i, t1), high = _mm512_permutex2var_epi32(t2, i, t3);
    return (lanes_i)_mm512_mask_blend_epi32(_mm512_test_epi32_mask(i, _mm512_set1_epi32(32)), low, high);
#else
    return lanes_gather_int(table, index);
#endif
}

/* Writes the values whose mask bit is set side by side (up to LANES more may be overwritten);
 * returns how many. */
LANES_INLINE uint32_t lanes_compress(int32_t *to, lanes_m m, lanes_i v)
{
#if CALO_CPU_LANES == 16
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(m, (__m512i)v));
    return (uint32_t)__builtin_popcount(m);
#else
    uint32_t count = 0;
    for (uint32_t bits = lanes_bits(m); bits; bits &= bits - 1)
        to[count++] = v[__builtin_ctz(bits)];
    return count;
#endif
}

/* ---- four components of each lane, side by side in memory ---- */

#if defined(__SSE2__)
/* In each quarter, four rows of quads turned around: component c of each into out[c]. */
LANES_INLINE void lanes_turn4(lanes_native a, lanes_native b, lanes_native c, lanes_native d, lanes_f out[4])
{
    lanes_native t0 = CALO_NATIVE(unpacklo_ps)(a, b), t1 = CALO_NATIVE(unpackhi_ps)(a, b);
    lanes_native t2 = CALO_NATIVE(unpacklo_ps)(c, d), t3 = CALO_NATIVE(unpackhi_ps)(c, d);
    out[0] = (lanes_f)CALO_NATIVE(shuffle_ps)(t0, t2, 0x44);
    out[1] = (lanes_f)CALO_NATIVE(shuffle_ps)(t0, t2, 0xee);
    out[2] = (lanes_f)CALO_NATIVE(shuffle_ps)(t1, t3, 0x44);
    out[3] = (lanes_f)CALO_NATIVE(shuffle_ps)(t1, t3, 0xee);
}
#endif

/* Lane i reads four floats at `base + stride * index[i]` (floats); out[c] holds component c of each. */
LANES_INLINE void lanes_load4(const float *base, size_t stride, const uint32_t index[LANES], lanes_f out[4])
{
#define CALO_QUAD(i) _mm_loadu_ps(base + stride * index[i])
#if CALO_CPU_LANES == 16
    __m512 r[4];
    for (int i = 0; i < 4; i++) {
        __m512 v = _mm512_castps128_ps512(CALO_QUAD(i));
        v = _mm512_insertf32x4(v, CALO_QUAD(4 + i), 1);
        v = _mm512_insertf32x4(v, CALO_QUAD(8 + i), 2);
        r[i] = _mm512_insertf32x4(v, CALO_QUAD(12 + i), 3);
    }
    lanes_turn4(r[0], r[1], r[2], r[3], out);
#elif CALO_CPU_LANES == 8
    __m256 r[4];
    for (int i = 0; i < 4; i++)
        r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(CALO_QUAD(i)), CALO_QUAD(4 + i), 1);
    lanes_turn4(r[0], r[1], r[2], r[3], out);
#elif defined(__SSE2__)
    lanes_turn4(CALO_QUAD(0), CALO_QUAD(1), CALO_QUAD(2), CALO_QUAD(3), out);
#else
    for (int c = 0; c < 4; c++)
        for (int i = 0; i < LANES; i++)
            out[c][i] = base[stride * index[i] + (size_t)c];
#endif
#undef CALO_QUAD
}

/* Three numbers a lane, side by side. */
LANES_INLINE void lanes_interleave3(const lanes_f v[3], lanes_f out[3])
{
#if CALO_CPU_LANES == 16
    static const int32_t from_xy[3][16] = {
        {0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5},
        {21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26},
        {0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0},
    };
    static const int32_t and_z[3][16] = {
        {0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15},
        {0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15},
        {26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31},
    };
    for (int i = 0; i < 3; i++) {
        __m512 xy = _mm512_permutex2var_ps((__m512)v[0], _mm512_loadu_si512(from_xy[i]), (__m512)v[1]);
        out[i] = (lanes_f)_mm512_permutex2var_ps(xy, _mm512_loadu_si512(and_z[i]), (__m512)v[2]);
    }
#else
    float mixed[3 * LANES];
    for (int i = 0; i < LANES; i++)
        for (int c = 0; c < 3; c++)
            mixed[3 * i + c] = v[c][i];
    memcpy(out, mixed, sizeof mixed);
#endif
}

/* Four lanes' worth of numbers to each of LANES / 4 rows, `row_bytes` apart, part after part. */
LANES_INLINE void lanes_store_rows(char *to, size_t row_bytes, const lanes_f *parts, int part_count)
{
    enum { QUARTERS = LANES / 4 };
LANES_UNROLL
    for (int q = 0; q < QUARTERS * part_count; q++) {
        char *at = to + (size_t)(q / part_count) * row_bytes + (size_t)(q % part_count) * 16;
#if CALO_CPU_LANES == 16
        __m512 v = (__m512)parts[q / 4];
        _mm_storeu_ps((float *)(void *)at, q % 4 == 0   ? _mm512_castps512_ps128(v)
                                           : q % 4 == 1 ? _mm512_extractf32x4_ps(v, 1)
                                           : q % 4 == 2 ? _mm512_extractf32x4_ps(v, 2)
                                                        : _mm512_extractf32x4_ps(v, 3));
#elif CALO_CPU_LANES == 8
        __m256 v = (__m256)parts[q / 2];
        _mm_storeu_ps((float *)(void *)at, q % 2 == 0 ? _mm256_castps256_ps128(v) : _mm256_extractf128_ps(v, 1));
#else
        memcpy(at, &parts[q], sizeof *parts);
#endif
    }
}

/* The lowest byte of each lane. */
LANES_INLINE void lanes_store_bytes(uint8_t to[LANES], lanes_i v)
{
#if CALO_CPU_LANES == 16
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8((__m512i)v));
#else
    for (int i = 0; i < LANES; i++)
        to[i] = (uint8_t)v[i];
#endif
}

/* Four numbers a lane, side by side. */
LANES_INLINE void lanes_store4(float *to, const lanes_f v[4])
{
#if defined(__SSE2__)
    lanes_f quads[4];
    lanes_turn4((lanes_native)v[0], (lanes_native)v[1], (lanes_native)v[2], (lanes_native)v[3], quads);
    /* Quarter q of each vector k belongs to lane 4 * q + k. */
    for (int k = 0; k < 4; k++)
        lanes_store_rows((char *)(to + 4 * (size_t)k), 16 * sizeof *to, &quads[k], 1);
#else
    for (int i = 0; i < LANES; i++)
        for (int c = 0; c < 4; c++)
            to[4 * i + c] = v[c][i];
#endif
}

/* ---- texels ---- */

/* Texels are read as the two that lie side by side, 16 bytes from the address given: of four 16-bit
 * components each, or of four bytes each and 8 bytes that do not matter. */
typedef enum lanes_texels { LANES_WORDS, LANES_BYTES } lanes_texels;

#if defined(__SSE2__)
/* The pairs of the lanes k, 4 + k, 8 + k, ... */
LANES_INLINE lanes_wide lanes_load_pairs(const char *texels, const uint32_t at[LANES], int k, size_t texel_bytes)
{
#define CALO_PAIR(i) _mm_loadu_si128((const __m128i *)(const void *)(texels + at[i] * texel_bytes))
#if CALO_CPU_LANES == 16
    __m512i v = _mm512_castsi128_si512(CALO_PAIR(k));
    v = _mm512_inserti32x4(v, CALO_PAIR(4 + k), 1);
    v = _mm512_inserti32x4(v, CALO_PAIR(8 + k), 2);
    return _mm512_inserti32x4(v, CALO_PAIR(12 + k), 3);
#elif CALO_CPU_LANES == 8
    return _mm256_inserti128_si256(_mm256_castsi128_si256(CALO_PAIR(k)), CALO_PAIR(4 + k), 1);
#else
    return CALO_PAIR(k);
#endif
#undef CALO_PAIR
}

/* Component by component: left, right, as words. */
LANES_INLINE lanes_wide lanes_pair_up(lanes_wide v, lanes_texels kind)
{
#if CALO_CPU_LANES >= 8
    const __m128i words = _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    const __m128i bytes = _mm_setr_epi8(0, -128, 4, -128, 1, -128, 5, -128, 2, -128, 6, -128, 3, -128, 7, -128);
#if CALO_CPU_LANES == 16
    return _mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(kind == LANES_WORDS ? words : bytes));
#else
    return _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(kind == LANES_WORDS ? words : bytes));
#endif
#else
    if (kind == LANES_WORDS)
        return _mm_unpacklo_epi16(v, _mm_srli_si128(v, 8));
    return _mm_unpacklo_epi8(_mm_unpacklo_epi8(v, _mm_srli_si128(v, 4)), _mm_setzero_si128());
#endif
}

/* In each quarter the number that stands there at k, four times. */
LANES_INLINE lanes_wide lanes_spread_quarter(lanes_i v, int k)
{
#define CALO_SPREAD(k) CALO_NATIVE(shuffle_epi32)((lanes_wide)v, (k) * 0x55)
    return k == 0 ? CALO_SPREAD(0) : k == 1 ? CALO_SPREAD(1) : k == 2 ? CALO_SPREAD(2) : CALO_SPREAD(3);
#undef CALO_SPREAD
}
#endif

/* Weighted sums of `rows` pairs of texels a lane: pair r of lane i lies `at[r][i]` texels behind
 * `texels`, weights[r] holds the left one's in the low half and the right one's in the high one.
 * Components and weights have 15 bits, and the weights add up to less than 2^15. */
LANES_INLINE void lanes_blend_pairs(const void *texels, lanes_texels kind, int rows, const uint32_t (*at)[LANES],
                                    const lanes_i *weights, lanes_i out[4])
{
#if defined(__SSE2__)
    const char *base = texels;
    size_t texel_bytes = kind == LANES_WORDS ? 8 : 4;
    lanes_i sums[4];
LANES_UNROLL
    for (int k = 0; k < 4; k++) {
        lanes_i sum = lanes_int(0);
LANES_UNROLL
        for (int r = 0; r < rows; r++) {
            lanes_wide pairs = lanes_pair_up(lanes_load_pairs(base, at[r], k, texel_bytes), kind);
            sum += lanes_dot16((lanes_i)pairs, (lanes_i)lanes_spread_quarter(weights[r], k));
        }
        sums[k] = sum;
    }
    lanes_f turned[4];
    lanes_turn4((lanes_native)sums[0], (lanes_native)sums[1], (lanes_native)sums[2], (lanes_native)sums[3], turned);
    for (int c = 0; c < 4; c++)
        out[c] = (lanes_i)turned[c];
#else
    for (int c = 0; c < 4; c++)
        out[c] = lanes_int(0);
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < LANES; i++)
            for (int c = 0; c < 4; c++) {
                const int16_t *word = (const int16_t *)texels + 4 * (size_t)at[r][i] + c;
                const uint8_t *byte = (const uint8_t *)texels + 4 * (size_t)at[r][i] + c;
                int32_t left = kind == LANES_WORDS ? word[0] : byte[0], right = kind == LANES_WORDS ? word[4] : byte[4];
                out[c][i] += left * (int16_t)weights[r][i] + right * (weights[r][i] >> 16);
            }
#endif
}

#endif
