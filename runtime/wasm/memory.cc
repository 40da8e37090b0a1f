// Memory for the decoder where there is no C library: blocks of a few sizes for each doubling, and lists of those that were
// given back. Planes come and go in the sizes of one film, so that what was given back fits the next.
#include <stddef.h>
#include <stdint.h>
#include <new>
#include <vector>
#include "memory.h"
#include "failure.h"

extern "C" {
extern uint8_t __heap_base;
void* memcpy(void* to, const void* from, size_t count) { return __builtin_memcpy(to, from, count); }
void* memmove(void* to, const void* from, size_t count) { return __builtin_memmove(to, from, count); }
void* memset(void* to, int value, size_t count) { return __builtin_memset(to, value, count); }
int memcmp(const void* a, const void* b, size_t count) {
  const auto *x = static_cast<const uint8_t*>(a), *y = static_cast<const uint8_t*>(b);
  for (size_t i = 0; i < count; i++)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}
}

namespace {

constexpr size_t PAGE = 65536, ALIGNMENT = 16, STEPS = 4, SMALLEST = 32, PAGES_AT_ONCE = 128;
constexpr int CLASSES = STEPS * 27;  // up to 4 GiB

// Lies before what the caller gets.
struct alignas(ALIGNMENT) Header {
  uint32_t sizeClass;
  uint32_t offset;  // of the header in its block
};
static_assert(sizeof(Header) == ALIGNMENT, "what follows it is aligned");

struct FreeBlock {
  FreeBlock* next;
};

FreeBlock* freeBlocks[CLASSES];
uintptr_t top = 0;  // where what was never used begins
int32_t busy = 0;
uint32_t heldPages = 0;  // after it was last made larger

class Lock {
 public:
  Lock() {
    while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) {
    }
  }
  ~Lock() { __atomic_store_n(&busy, 0, __ATOMIC_RELEASE); }
};

// The smallest class whose blocks hold so much: 32, 40, 48, 56, 64, 80, ...
int classOf(size_t size) {
  size_t base = SMALLEST;
  int index = 0;
  for (; base * 2 <= size; base *= 2) index += STEPS;
  for (size_t steps = 0; base + base / STEPS * steps < size; steps++) index++;
  return index;
}
size_t sizeOf(int index) {
  const size_t base = SMALLEST << (index / STEPS);
  return base + base / STEPS * (index % STEPS);
}

uintptr_t aligned(uintptr_t address, size_t unit) { return (address + unit - 1) / unit * unit; }

// By more than is needed, as it takes long; by what is needed where there is no more.
bool grow(size_t pages) {
  return (pages < PAGES_AT_ONCE && __builtin_wasm_memory_grow(0, PAGES_AT_ONCE) != SIZE_MAX) || __builtin_wasm_memory_grow(0, pages) != SIZE_MAX;
}

uintptr_t newBlock(size_t size) {
  if (!top) top = aligned(uintptr_t(&__heap_base), ALIGNMENT);
  const uintptr_t block = top, end = aligned(top + size, ALIGNMENT), held = __builtin_wasm_memory_size(0) * PAGE;
  if (end > held && !grow((end - held + PAGE - 1) / PAGE)) return 0;
  __atomic_store_n(&heldPages, uint32_t(__builtin_wasm_memory_size(0)), __ATOMIC_SEQ_CST);
  top = end;
  return block;
}

}  // namespace

void weft::seeAllMemory() {
  if (__builtin_wasm_memory_size(0) < __atomic_load_n(&heldPages, __ATOMIC_SEQ_CST)) __builtin_wasm_memory_grow(0, 0);
}

extern "C" {

void* aligned_alloc(size_t alignment, size_t count) {
  if (count > (size_t(1) << 30)) return nullptr;
  alignment = alignment > ALIGNMENT ? alignment : ALIGNMENT;
  const int sizeClass = classOf(sizeof(Header) + alignment - ALIGNMENT + count);
  const Lock lock;
  weft::seeAllMemory();
  uintptr_t block = uintptr_t(freeBlocks[sizeClass]);
  if (block) freeBlocks[sizeClass] = freeBlocks[sizeClass]->next;
  else block = newBlock(sizeOf(sizeClass));
  if (!block) return nullptr;
  const uintptr_t start = aligned(block + sizeof(Header), alignment);
  auto* header = reinterpret_cast<Header*>(start - sizeof(Header));
  *header = {uint32_t(sizeClass), uint32_t(start - sizeof(Header) - block)};
  return reinterpret_cast<void*>(start);
}
void* malloc(size_t count) { return aligned_alloc(ALIGNMENT, count); }
void* calloc(size_t count, size_t size) {
  void* memory = malloc(count * size);
  if (memory) memset(memory, 0, count * size);
  return memory;
}
void free(void* pointer) {
  if (!pointer) return;
  const auto* header = reinterpret_cast<Header*>(uintptr_t(pointer) - sizeof(Header));
  const uint32_t sizeClass = header->sizeClass;
  auto* block = reinterpret_cast<FreeBlock*>(uintptr_t(header) - header->offset);
  const Lock lock;
  block->next = freeBlocks[sizeClass];
  freeBlocks[sizeClass] = block;
}

// What a class with virtual functions is compiled to name, and never calls.
[[noreturn]] void __cxa_pure_virtual() { __builtin_trap(); }
int __cxa_atexit(void (*)(void*), void*, void*) { return 0; }

}  // extern "C"

// What the containers of the standard library call where they would throw.
_LIBCPP_BEGIN_NAMESPACE_STD
void __libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD

static void* allocated(void* pointer) {
  if (!pointer) weft::failForMemory();
  return pointer;
}
void* operator new(size_t count) { return allocated(malloc(count)); }
void* operator new(size_t count, std::align_val_t alignment) { return allocated(aligned_alloc(size_t(alignment), count)); }
void* operator new[](size_t count) { return allocated(malloc(count)); }
void operator delete(void* pointer) noexcept { free(pointer); }
void operator delete(void* pointer, size_t) noexcept { free(pointer); }
void operator delete(void* pointer, std::align_val_t) noexcept { free(pointer); }
void operator delete(void* pointer, size_t, std::align_val_t) noexcept { free(pointer); }
void operator delete[](void* pointer) noexcept { free(pointer); }
void operator delete[](void* pointer, size_t) noexcept { free(pointer); }
