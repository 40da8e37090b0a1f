// The threads of a row team in WebAssembly: workers that JavaScript starts in the same memory (helperThread.ts), each of which
// calls help() and stays there. They may come late or not at all: whoever calls does what nobody took.
#include "rowTeam.h"
#include <stdint.h>
#include "memory.h"

namespace weft {

namespace {
// Passes follow each other within microseconds: look that often, then sleep.
constexpr int LOOKS = 2000;
constexpr int64_t FOREVER = -1;

// Sleeps while *word is `value`.
void sleepWhile(int32_t* word, int32_t value) {
  for (int looks = 0; looks < LOOKS; looks++)
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) return;
  __builtin_wasm_memory_atomic_wait32(word, value, FOREVER);
}
void wakeAll(int32_t* word) { __builtin_wasm_memory_atomic_notify(word, UINT32_MAX); }
}  // namespace

struct RowTeam::Crew {
  // All of these are read and written atomically, in one order for all threads.
  int32_t round = 0, next = 0, active = 0, open = 0, failed = 0;
  Work work = nullptr;
  void* context = nullptr;
  int32_t count = 0;

  void take(int thread) {
    for (int32_t index; (index = __atomic_fetch_add(&next, 1, __ATOMIC_SEQ_CST)) < count;) {
      seeAllMemory();
      work(context, index, thread);
    }
  }

  // What was written before `open` is seen by whoever sees it set; nobody is active when it is written again.
  void run(Work newWork, void* newContext, int newCount) {
    work = newWork;
    context = newContext;
    count = newCount;
    __atomic_store_n(&next, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&open, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&round, 1, __ATOMIC_SEQ_CST);
    wakeAll(&round);
    take(0);
    __atomic_store_n(&open, 0, __ATOMIC_SEQ_CST);
    for (int32_t busy; (busy = __atomic_load_n(&active, __ATOMIC_SEQ_CST)) > 0;) sleepWhile(&active, busy);
    if (__atomic_load_n(&failed, __ATOMIC_SEQ_CST)) __builtin_trap();
    seeAllMemory();
  }

  void leave() {
    __atomic_fetch_sub(&active, 1, __ATOMIC_SEQ_CST);
    wakeAll(&active);
  }

  [[noreturn]] void help(int thread) {
    for (int32_t seen = 0;;) {
      sleepWhile(&round, seen);
      seen = __atomic_load_n(&round, __ATOMIC_SEQ_CST);
      __atomic_fetch_add(&active, 1, __ATOMIC_SEQ_CST);
      if (__atomic_load_n(&open, __ATOMIC_SEQ_CST)) take(thread);
      leave();
    }
  }

  void fail() {
    __atomic_store_n(&failed, 1, __ATOMIC_SEQ_CST);
    leave();
  }

  // Of this memory: the one that has helpers.
  static Crew* helped;
};
RowTeam::Crew* RowTeam::Crew::helped = nullptr;

RowTeam::RowTeam(int threads) : threads_(threads > 1 ? threads : 1), crew_(new Crew) {
  if (threads_ > 1) Crew::helped = crew_.get();
}
RowTeam::~RowTeam() = default;

void RowTeam::run(Work work, void* context, int count) { crew_->run(work, context, count); }
// There is one caller, and nobody else to run aside of.
void RowTeam::runAside(Work work, void* context, int count) { crew_->run(work, context, count); }
void RowTeam::lock() {}
void RowTeam::unlock() {}

}  // namespace weft

extern "C" {
// What a helper does from its beginning to its end; `thread` counts from 1.
[[clang::export_name("help")]] void help(int thread) { weft::RowTeam::Crew::helped->help(thread); }
// A helper that stopped within its work says so to the others.
[[clang::export_name("failHelper")]] void failHelper() { weft::RowTeam::Crew::helped->fail(); }
}
