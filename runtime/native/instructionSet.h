// Names the instruction set that this translation unit is compiled for: include it before simd.h.
#pragma once
#if defined(WEFT_EXACT)
// In double precision: what finite differences are compared with.
#define WEFT_ISA exact
#define WEFT_LANES 4
#define WEFT_REAL double
#elif defined(__AVX512F__)
#define WEFT_ISA avx512
#define WEFT_LANES 16
#elif defined(__AVX2__)
#define WEFT_ISA avx2
#define WEFT_LANES 8
#elif defined(__aarch64__)
#define WEFT_ISA neon
#define WEFT_LANES 4
#else
#define WEFT_ISA portable
#define WEFT_LANES 4
#endif
#ifndef WEFT_REAL
#define WEFT_REAL float
#endif
