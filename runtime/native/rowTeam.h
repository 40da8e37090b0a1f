// Threads that share the rows of a picture. Over free rows, whoever is free takes the next ones: nobody waits for a thread that
// the system has put aside before it began, and what is computed must not depend on who computes it. Over fixed shares, what is
// added up by share comes out the same in every run. What a body throws
// (there is no memory left) is thrown on to the caller, once nobody works any more; what was not begun by then is left undone.
//
// This file is the same everywhere; the threads behind it are those of C++ (rowTeam.cc) or of WebAssembly (runtime/wasm).
#pragma once
#include <memory>

namespace weft {

class RowTeam {
 public:
  struct Crew;  // the threads

  explicit RowTeam(int threads);
  ~RowTeam();
  RowTeam(const RowTeam&) = delete;
  RowTeam& operator=(const RowTeam&) = delete;
  int threads() const { return threads_; }

  // Calls body(y0, y1, thread) until all rows are done, by whoever is free; chunks start at multiples of `unit`. One caller at a time.
  template <class Body> void overFreeRows(int rows, int width, int unit, const Body& body) {
    const int chunk = chunkRows(rows, width, unit);
    if (threads_ == 1 || chunk >= rows) return body(0, rows, 0);
    struct Context { const Body& body; int rows, chunk; } context{body, rows, chunk};
    run([](void* pointer, int index, int thread) {
      const auto& c = *static_cast<Context*>(pointer);
      const int y0 = index * c.chunk, y1 = y0 + c.chunk;
      c.body(y0, y1 < c.rows ? y1 : c.rows, thread);
    }, &context, (rows + chunk - 1) / chunk);
  }

  // Calls body(index) for tasks that depend on nothing, the longest first.
  template <class Body> void overTasks(int count, const Body& body) {
    if (threads_ == 1 || count == 1) {
      for (int i = 0; i < count; i++) body(i);
      return;
    }
    run([](void* pointer, int index, int) { (*static_cast<const Body*>(pointer))(index); }, const_cast<Body*>(&body), count);
  }

  // Calls body(index, thread) for tasks that depend on nothing, while somebody else may have the team: on other threads, where
  // there are any to be had.
  template <class Body> void overTasksAside(int count, const Body& body) {
    const auto work = [](void* pointer, int index, int thread) { (*static_cast<const Body*>(pointer))(index, thread); };
    runAside(work, const_cast<Body*>(&body), count);
  }

  // Whoever shares a team with callers on other threads has it for as long as a Turn lives.
  class Turn {
   public:
    explicit Turn(RowTeam& team) : team_(team) { team_.lock(); }
    ~Turn() { team_.unlock(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    RowTeam& team_;
  };

  // Calls body(y0, y1, share) for as many fixed shares of the rows as there are threads; shares start at multiples of `unit`.
  // What is added up by share comes out the same in every run.
  template <class Body> void overShares(int rows, int unit, const Body& body) {
    struct Context { const Body& body; int rows, unit, shares; } context{body, rows, unit, threads_};
    run([](void* pointer, int share, int) {
      const auto& c = *static_cast<Context*>(pointer);
      const int units = (c.rows + c.unit - 1) / c.unit;
      const int y0 = units * share / c.shares * c.unit, end = units * (share + 1) / c.shares * c.unit;
      const int y1 = end < c.rows ? end : c.rows;
      if (y0 < y1) c.body(y0, y1, share);
    }, &context, threads_);
  }

 private:
  // Fewer samples than this are done before another thread has woken up.
  static constexpr int SMALLEST_CHUNK = 12288;
  // Chunks for each thread, so that a late one finds something left and none waits long for the last.
  static constexpr int CHUNKS_PER_THREAD = 4;
  using Work = void (*)(void* context, int index, int thread);
  int chunkRows(int rows, int width, int unit) const {
    const int fair = rows / (threads_ * CHUNKS_PER_THREAD), least = SMALLEST_CHUNK / (width > 1 ? width : 1);
    return ((fair > least ? fair : least) + unit) / unit * unit;
  }
  void run(Work work, void* context, int count);
  void runAside(Work work, void* context, int count);
  void lock();
  void unlock();

  const int threads_;
  const std::unique_ptr<Crew> crew_;
};

}  // namespace weft
