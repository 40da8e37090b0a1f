// Memory for samples and latents.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include "failure.h"
// The address sanitizer does not guard what is mapped.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#define WEFT_MAPS_LARGE_BLOCKS
#include <sys/mman.h>
#endif

namespace weft {

constexpr size_t CACHE_LINE = 64, LARGE_PAGE = 2 << 20;

constexpr size_t roundedUp(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

// Bytes that are zero, from a cache line on. Large blocks come from the system as such and are only touched by whoever works on them
// first; on Linux they begin with a large page, so that few of those that they first touch are small.
class MemoryBlock {
 public:
  MemoryBlock() = default;
  explicit MemoryBlock(size_t bytes) {
#if defined(WEFT_MAPS_LARGE_BLOCKS)
    if (bytes >= LARGE_PAGE) {
      map(bytes);
      return;
    }
#endif
    memory_ = std::calloc(bytes + CACHE_LINE, 1);
    if (!memory_) failForMemory();
  }
  MemoryBlock(MemoryBlock&& other) noexcept { swap(other); }
  MemoryBlock& operator=(MemoryBlock&& other) noexcept {
    MemoryBlock last(static_cast<MemoryBlock&&>(other));
    swap(last);
    return *this;
  }
  ~MemoryBlock() { release(); }
  template <class T> T* at() const { return reinterpret_cast<T*>(roundedUp(uintptr_t(memory_), mapped() ? LARGE_PAGE : CACHE_LINE)); }
  explicit operator bool() const { return memory_ != nullptr; }

 private:
#if defined(WEFT_MAPS_LARGE_BLOCKS)
  bool mapped() const { return mappedBytes_ > 0; }
  void map(size_t bytes) {
    void* const mapping = mmap(nullptr, bytes + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) failForMemory();
    memory_ = mapping;
    mappedBytes_ = bytes + LARGE_PAGE;
    // Not a last one, which would be fetched for little.
    madvise(at<void>(), bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
  }
  void release() { mapped() ? void(munmap(memory_, mappedBytes_)) : std::free(memory_); }
  void swap(MemoryBlock& other) {
    std::swap(memory_, other.memory_);
    std::swap(mappedBytes_, other.mappedBytes_);
  }

  size_t mappedBytes_ = 0;
#else
  static constexpr bool mapped() { return false; }
  void release() { std::free(memory_); }
  void swap(MemoryBlock& other) { std::swap(memory_, other.memory_); }
#endif

  void* memory_ = nullptr;
};

}  // namespace weft
