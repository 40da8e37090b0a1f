// A fixed team of threads that all run the same function; the caller is thread 0.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace weft {

class ThreadPool {
 public:
  using Work = void (*)(void* context, int thread);
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  int threads() const { return threads_; }
  // Runs work(context, t) for every t in 0..threads-1 and returns when all are done.
  void run(Work work, void* context);

 private:
  void loop(int thread);
  const int threads_;
  Work work_ = nullptr;
  void* context_ = nullptr;
  std::atomic<unsigned> round_{0};
  std::atomic<int> pending_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> sleeping_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace weft
