#include "rowTeam.h"
#include <algorithm>
#include <utility>

namespace weft {

namespace {
// Nodes follow each other within a millisecond, passes within microseconds: spin that long, then sleep.
constexpr int SPINS = 10000;
// Fewer samples than this are done before another thread has woken up.
constexpr int SMALLEST_CHUNK = 12288;
// Chunks for each thread, so that a late one finds something left and none waits long for the last.
constexpr int CHUNKS_PER_THREAD = 4;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}
}  // namespace

RowTeam::RowTeam(int threads) : threads_(std::max(1, threads)) {
  for (int t = 1; t < threads_; t++) helpers_.emplace_back([this, t] { loop(t); });
}

RowTeam::~RowTeam() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    round_++;
  }
  wake_.notify_all();
  for (auto& helper : helpers_) helper.join();
}

int RowTeam::chunkRows(int rows, int width, int unit) const {
  const int fair = rows / (threads_ * CHUNKS_PER_THREAD), least = SMALLEST_CHUNK / std::max(1, width);
  return (std::max(fair, least) + unit) / unit * unit;
}

void RowTeam::run(Work work, void* context, int count) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    work_ = work;
    context_ = context;
    count_ = count;
    next_ = 0;
    open_ = true;
    round_++;
  }
  wake_.notify_all();
  take(0);
  std::unique_lock<std::mutex> lock(mutex_);
  open_ = false;
  lock.unlock();
  for (int spins = 0; active_.load(std::memory_order_acquire) > 0 && spins < SPINS; spins++) relax();
  lock.lock();
  idle_.wait(lock, [&] { return active_ == 0; });
  const std::exception_ptr failure = std::exchange(failure_, nullptr);
  lock.unlock();
  if (failure) std::rethrow_exception(failure);
}

void RowTeam::take(int thread) {
  try {
    for (int index; (index = next_.fetch_add(1)) < count_;) work_(context_, index, thread);
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    next_ = count_;
  }
}

void RowTeam::loop(int thread) {
  for (unsigned seen = 0;;) {
    for (int spins = 0; round_.load(std::memory_order_acquire) == seen && spins < SPINS; spins++) relax();
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [&] { return round_ != seen; });
    if (stopping_) return;
    seen = round_;
    if (!open_) continue;
    active_++;
    lock.unlock();
    take(thread);
    lock.lock();
    if (--active_ == 0) idle_.notify_one();
  }
}

}  // namespace weft
