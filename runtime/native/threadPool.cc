#include "threadPool.h"

namespace weft {

namespace {
// Kernels follow each other within microseconds, so a worker spins for a while before it sleeps.
constexpr int kSpins = 20000;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}
}  // namespace

ThreadPool::ThreadPool(int threads) : threads_(threads < 1 ? 1 : threads) {
  for (int t = 1; t < threads_; t++) workers_.emplace_back([this, t] { loop(t); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    round_.fetch_add(1);
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::run(Work work, void* context) {
  if (threads_ > 1) {
    work_ = work;
    context_ = context;
    pending_.store(threads_ - 1, std::memory_order_relaxed);
    round_.fetch_add(1);
    if (sleeping_.load() > 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      wake_.notify_all();
    }
  }
  work(context, 0);
  for (int spins = 0; pending_.load(std::memory_order_acquire) > 0; spins++) {
    if (spins < kSpins) relax();
    else std::this_thread::yield();
  }
}

void ThreadPool::loop(int thread) {
  unsigned seen = 0;
  for (;;) {
    for (int spins = 0; round_.load(std::memory_order_acquire) == seen && spins < kSpins; spins++) relax();
    if (round_.load() == seen) {
      std::unique_lock<std::mutex> lock(mutex_);
      sleeping_.fetch_add(1);
      wake_.wait(lock, [&] { return round_.load() != seen; });
      sleeping_.fetch_sub(1);
    }
    seen = round_.load(std::memory_order_acquire);
    if (stopping_) return;
    work_(context_, thread);
    pending_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace weft
