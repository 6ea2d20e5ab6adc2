/* Every event's checksum is verified before it is read, so this is where most bytes pass. Processors of
 * x86-64 with a carry-less multiplication fold 64 bytes at a time (V. Gopal and others, "Fast CRC Computation
 * for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009); zlib does the sum elsewhere. */
#include "base/crc32.h"

#include <zlib.h>

#if defined(__x86_64__)

#include <immintrin.h>

#define FOLD_BYTES 64u
#define VECTOR_BYTES 16u

/* Powers of x modulo the polynomial, bits in reverse order: the paper's constants for CRC-32. */
#define X_544 0x0154442bd4 /* 4 · 128 + 32 */
#define X_480 0x01c6e41596 /* 4 · 128 − 32 */
#define X_160 0x01751997d0 /* 128 + 32 */
#define X_96 0x00ccaa009e  /* 128 − 32 */
#define X_64 0x0163cd6124
#define POLYNOMIAL 0x01db710641
#define QUOTIENT 0x01f7011641 /* of x^64 by the polynomial */

#define WITH_CLMUL __attribute__((target("pclmul,sse4.1,ssse3")))

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

/* `length` is at least that of a vector. */
WITH_CLMUL static uint32_t sum_by_folding(uint32_t sum, const uint8_t *at, size_t length)
{
	const __m128i by_64 = _mm_set_epi64x(X_480, X_544), by_16 = _mm_set_epi64x(X_96, X_160);
	__m128i a = _mm_xor_si128(load(at), _mm_cvtsi32_si128((int)~sum));

	at += 16;
	length -= 16;
	if (length >= FOLD_BYTES - 16) {
		__m128i b = load(at), c = load(at + 16), d = load(at + 32);

		for (at += 48, length -= 48; length >= FOLD_BYTES; at += FOLD_BYTES, length -= FOLD_BYTES) {
			a = fold(a, by_64, load(at));
			b = fold(b, by_64, load(at + 16));
			c = fold(c, by_64, load(at + 32));
			d = fold(d, by_64, load(at + 48));
		}
		a = fold(fold(fold(a, by_16, b), by_16, c), by_16, d);
	}
	for (; length >= 16; at += 16, length -= 16)
		a = fold(a, by_16, load(at));
	if (length)
		a = fold_rest(a, by_16, at + length, length);
	return ~reduce(a);
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
