// Threads that share the rows of a picture. Unlike a ThreadPool, which gives every thread its fixed share (training needs
// that to be reproducible), whoever is free takes the next few rows: nobody waits for a thread that the system has put
// aside before it began. What is computed does not depend on who computes it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace weft {

class RowTeam {
 public:
  explicit RowTeam(int threads);
  ~RowTeam();
  RowTeam(const RowTeam&) = delete;
  RowTeam& operator=(const RowTeam&) = delete;
  int threads() const { return threads_; }

  // Calls body(y0, y1, thread) until all rows are done; chunks start at multiples of `unit`. One caller at a time.
  template <class Body> void overRows(int rows, int width, int unit, const Body& body) {
    const int chunk = chunkRows(rows, width, unit);
    if (threads_ == 1 || chunk >= rows) return body(0, rows, 0);
    struct Context { const Body& body; int rows, chunk; } context{body, rows, chunk};
    run([](void* pointer, int index, int thread) {
      const auto& c = *static_cast<Context*>(pointer);
      const int y0 = index * c.chunk, y1 = y0 + c.chunk;
      c.body(y0, y1 < c.rows ? y1 : c.rows, thread);
    }, &context, (rows + chunk - 1) / chunk);
  }

 private:
  using Work = void (*)(void* context, int index, int thread);
  int chunkRows(int rows, int width, int unit) const;
  void run(Work work, void* context, int count);
  void take(int thread);
  void loop(int thread);

  const int threads_;
  Work work_ = nullptr;
  void* context_ = nullptr;
  int count_ = 0;
  std::atomic<int> next_{0}, active_{0};
  std::atomic<unsigned> round_{0};
  bool open_ = false, stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::vector<std::thread> helpers_;
};

}  // namespace weft
