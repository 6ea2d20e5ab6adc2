/* Every event's checksum is verified before it is read, so this is where most bytes pass. Processors of
 * x86-64 with a carry-less multiplication fold 64 bytes at a time, those that have it for wide vectors 256
 * (V. Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel
 * 2009); zlib does the sum elsewhere. */
#include "base/crc32.h"

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define FOLD_BYTES 64u
#define WIDE_FOLD_BYTES 256u
#define VECTOR_BYTES 16u
#define LANES 4u /* that are folded side by side */

/* Powers of x modulo the polynomial, bits in reverse order: the paper's constants for CRC-32. */
#define X_2080 0x011542778a /* 16 · 128 + 32 */
#define X_2016 0x01322d1430 /* 16 · 128 − 32 */
#define X_544 0x0154442bd4 /* 4 · 128 + 32 */
#define X_480 0x01c6e41596 /* 4 · 128 − 32 */
#define X_160 0x01751997d0 /* 128 + 32 */
#define X_96 0x00ccaa009e  /* 128 − 32 */
#define X_64 0x0163cd6124
#define POLYNOMIAL 0x01db710641
#define QUOTIENT 0x01f7011641 /* of x^64 by the polynomial */

#define WITH_CLMUL __attribute__((target("pclmul,sse4.1,ssse3")))
#define WITH_WIDE_CLMUL __attribute__((target("vpclmulqdq,avx512f,pclmul,sse4.1")))

WITH_CLMUL static inline __m128i load(const uint8_t *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* The 128 bits moved by as many bits as the constants stand for, modulo the polynomial, and added to the
 * next. */
WITH_CLMUL static inline __m128i fold(__m128i bits, __m128i constants, __m128i next)
{
	__m128i low = _mm_clmulepi64_si128(bits, constants, 0x00);
	__m128i high = _mm_clmulepi64_si128(bits, constants, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/* 128 bits to the 32 of the remainder: to 96, to 64, then Barrett's reduction. */
WITH_CLMUL static uint32_t reduce(__m128i bits)
{
	const __m128i by_16 = _mm_set_epi64x(X_96, X_160);
	const __m128i reduction = _mm_set_epi64x(QUOTIENT, POLYNOMIAL);
	const __m128i words = _mm_setr_epi32(-1, 0, -1, 0);
	__m128i quotient;

	bits = _mm_xor_si128(_mm_clmulepi64_si128(bits, by_16, 0x10), _mm_srli_si128(bits, 8));
	bits = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(bits, words), _mm_set_epi64x(0, X_64), 0x00),
		_mm_srli_si128(bits, 4));
	quotient = _mm_clmulepi64_si128(_mm_and_si128(bits, words), reduction, 0x10);
	quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, words), reduction, 0x00);
	return (uint32_t)_mm_extract_epi32(_mm_xor_si128(bits, quotient), 1);
}

/* Read at 16 + n it moves the bytes of a vector n places down, at 16 - n up; zeros come in. */
static const uint8_t moves[48] = {
	[0 ... 15] = 0x80,
	0,
	1,
	2,
	3,
	4,
	5,
	6,
	7,
	8,
	9,
	10,
	11,
	12,
	13,
	14,
	15,
	[32 ... 47] = 0x80,
};

/* The last bytes, fewer than a vector: the sum so far is moved up against them, and what that pushes out is
 * folded. `end` is behind them, and a whole vector stands before it. */
WITH_CLMUL static inline __m128i fold_rest(__m128i bits, __m128i by_16, const uint8_t *end, size_t rest)
{
	__m128i up = load(moves + rest), down = load(moves + 16 + rest);
	__m128i tail = _mm_and_si128(load(end - 16), _mm_cmpgt_epi8(up, _mm_set1_epi8(-1)));

	return fold(_mm_shuffle_epi8(bits, up), by_16, _mm_or_si128(_mm_shuffle_epi8(bits, down), tail));
}

WITH_WIDE_CLMUL static inline __m512i load_wide(const uint8_t *at)
{
	return _mm512_loadu_si512((const void *)at);
}

WITH_WIDE_CLMUL static inline __m512i fold_wide(__m512i bits, __m512i constants, __m512i next)
{
	__m512i low = _mm512_clmulepi64_epi128(bits, constants, 0x00);
	__m512i high = _mm512_clmulepi64_epi128(bits, constants, 0x11);

	return _mm512_xor_si512(_mm512_xor_si512(low, high), next);
}

/* Begins a sum with as many bytes as wide vectors take, at least WIDE_FOLD_BYTES; returns how many. */
WITH_WIDE_CLMUL static size_t begin_wide(uint32_t sum, const uint8_t *at, size_t length, __m128i lanes[LANES])
{
	const __m512i by_256 = _mm512_set4_epi64(X_2016, X_2080, X_2016, X_2080);
	const __m512i by_64 = _mm512_set4_epi64(X_480, X_544, X_480, X_544);
	const uint8_t *begin = at;
	__m512i a = load_wide(at), b = load_wide(at + 64), c = load_wide(at + 128), d = load_wide(at + 192);

	a = _mm512_xor_si512(a, _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)~sum)));
	for (at += WIDE_FOLD_BYTES, length -= WIDE_FOLD_BYTES; length >= WIDE_FOLD_BYTES;
		at += WIDE_FOLD_BYTES, length -= WIDE_FOLD_BYTES) {
		a = fold_wide(a, by_256, load_wide(at));
		b = fold_wide(b, by_256, load_wide(at + 64));
		c = fold_wide(c, by_256, load_wide(at + 128));
		d = fold_wide(d, by_256, load_wide(at + 192));
	}
	a = fold_wide(fold_wide(fold_wide(a, by_64, b), by_64, c), by_64, d);
	_mm512_storeu_si512((void *)lanes, a);
	return (size_t)(at - begin);
}

/* The same with at least FOLD_BYTES, of which it takes so many. */
WITH_CLMUL static size_t begin_narrow(uint32_t sum, const uint8_t *at, __m128i lanes[LANES])
{
	for (unsigned i = 0; i < LANES; i++)
		lanes[i] = load(at + VECTOR_BYTES * i);
	lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128((int)~sum));
	return FOLD_BYTES;
}

static bool can_fold_wide(void)
{
	return __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx512f");
}

/* `length` is at least that of a vector. */
WITH_CLMUL static uint32_t sum_by_folding(uint32_t sum, const uint8_t *at, size_t length)
{
	const __m128i by_64 = _mm_set_epi64x(X_480, X_544), by_16 = _mm_set_epi64x(X_96, X_160);
	const uint8_t *end = at + length;
	__m128i bits;

	if (length >= FOLD_BYTES) {
		__m128i lanes[LANES];

		at += length >= WIDE_FOLD_BYTES && can_fold_wide() ? begin_wide(sum, at, length, lanes)
								   : begin_narrow(sum, at, lanes);
		for (; (size_t)(end - at) >= FOLD_BYTES; at += FOLD_BYTES) {
			for (unsigned i = 0; i < LANES; i++)
				lanes[i] = fold(lanes[i], by_64, load(at + VECTOR_BYTES * i));
		}
		bits = fold(fold(fold(lanes[0], by_16, lanes[1]), by_16, lanes[2]), by_16, lanes[3]);
	} else {
		bits = _mm_xor_si128(load(at), _mm_cvtsi32_si128((int)~sum));
		at += VECTOR_BYTES;
	}
	for (; end - at >= (ptrdiff_t)VECTOR_BYTES; at += VECTOR_BYTES)
		bits = fold(bits, by_16, load(at));
	if (at < end)
		bits = fold_rest(bits, by_16, end, (size_t)(end - at));
	return ~reduce(bits);
}

uint32_t crc32_add(uint32_t sum, const void *bytes, size_t length)
{
	if (length >= VECTOR_BYTES && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
		return sum_by_folding(sum, bytes, length);
	return (uint32_t)crc32_z(sum, bytes, length);
}

#else

uint32_t crc32_add(uint32_t sum, const void *bytes, size_t length)
{
	return (uint32_t)crc32_z(sum, bytes, length);
}

#endif
