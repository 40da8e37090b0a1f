#include "rowTeam.h"
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace weft {

namespace {
// Nodes follow each other within a millisecond, passes within microseconds: spin that long, then sleep.
constexpr int SPINS = 10000;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}
}  // namespace

struct RowTeam::Crew {
  explicit Crew(int threads);
  ~Crew();
  void run(Work work, void* context, int count);
  // First come, first served.
  void awaitTurn();
  void endTurn();

 private:
  void take(int thread);
  void loop(int thread);

  Work work_ = nullptr;
  void* context_ = nullptr;
  int count_ = 0;
  std::atomic<int> next_{0}, active_{0};
  std::atomic<unsigned> round_{0};
  bool open_ = false, stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::exception_ptr failure_;  // the first of this run
  std::mutex turns_;
  std::condition_variable turn_;
  unsigned lastTicket_ = 0, served_ = 0;
  std::vector<std::thread> helpers_;
};

RowTeam::Crew::Crew(int threads) {
  helpers_.reserve(size_t(threads));
  try {
    for (int t = 1; t < threads; t++) helpers_.emplace_back([this, t] { loop(t); });
  } catch (const std::exception&) {
    // The system has no more of them: those that are there do the work of all.
  }
}

RowTeam::Crew::~Crew() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    round_++;
  }
  wake_.notify_all();
  for (auto& helper : helpers_) helper.join();
}

void RowTeam::Crew::run(Work work, void* context, int count) {
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

void RowTeam::Crew::take(int thread) {
  try {
    for (int index; (index = next_.fetch_add(1)) < count_;) work_(context_, index, thread);
  } catch (...) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    next_ = count_;
  }
}

void RowTeam::Crew::loop(int thread) {
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

void RowTeam::Crew::awaitTurn() {
  std::unique_lock<std::mutex> lock(turns_);
  const unsigned ticket = lastTicket_++;
  turn_.wait(lock, [&] { return served_ == ticket; });
}

void RowTeam::Crew::endTurn() {
  std::lock_guard<std::mutex> lock(turns_);
  served_++;
  turn_.notify_all();
}

RowTeam::RowTeam(int threads) : threads_(std::max(1, threads)), crew_(new Crew(threads_)) {}
RowTeam::~RowTeam() = default;

void RowTeam::run(Work work, void* context, int count) { crew_->run(work, context, count); }
void RowTeam::runAside(Work work, void* context, int count) { Crew(std::min(threads_, count)).run(work, context, count); }
void RowTeam::lock() { crew_->awaitTurn(); }
void RowTeam::unlock() { crew_->endTurn(); }

}  // namespace weft
