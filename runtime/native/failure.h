// What goes wrong for good. Where there are no exceptions (WebAssembly), the machine stops: its caller gives it up.
#pragma once
#if defined(__cpp_exceptions)
#include <new>
#include <stdexcept>
#endif

namespace weft {

[[noreturn]] inline void failForMemory() {
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  __builtin_trap();
#endif
}

[[noreturn]] inline void failForSize(const char* what) {
#if defined(__cpp_exceptions)
  throw std::length_error(what);
#else
  (void)what;
  __builtin_trap();
#endif
}

}  // namespace weft
