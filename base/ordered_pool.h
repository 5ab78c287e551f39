// An ordered, bounded pool of workers: jobs go in by one thread, are worked on by N, and come out
// to that same thread in the order in which they went in. So whatever is made from the outputs,
// the first error included, does not depend on the number of threads.
//
// With one thread the work is done inside submit(), without any thread.
// Bound: at most capacity() jobs are inside, two for each worker; the owner takes before it
// submits more. Destruction drops the jobs that no worker has begun and waits for the others.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace pith {

template <class Job, class Output>
class OrderedPool {
 public:
  // `work(job, worker)` runs on a worker thread; `worker` is below `threads` and tells the
  // thread's own working area. It must not throw.
  using Work = std::function<Output(Job&&, unsigned worker)>;

  OrderedPool(unsigned threads, Work work) : work_(std::move(work)), capacity_(threads * 2) {
    if (threads <= 1) {
      capacity_ = 1;
      return;
    }
    workers_.reserve(threads);
    try {
      for (unsigned i = 0; i < threads; ++i) {
        workers_.emplace_back([this, i] { run(i); });
      }
    } catch (const std::system_error&) {
      // The system grants no more threads: those that are there do the work, or the owner does.
    }
  }

  ~OrderedPool() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    job_ready_.notify_all();
  }  // jthread joins

  OrderedPool(const OrderedPool&) = delete;
  OrderedPool& operator=(const OrderedPool&) = delete;

  size_t capacity() const { return capacity_; }
  bool full() const { return slots_.size() >= capacity_; }
  bool empty() const { return slots_.empty(); }

  void submit(Job job) {
    auto slot = std::make_shared<Slot>();
    slots_.push_back(slot);
    if (workers_.empty()) {
      slot->output.emplace(work_(std::move(job), 0));
      return;
    }
    slot->job.emplace(std::move(job));
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(slot));
    }
    job_ready_.notify_one();
  }

  // The output of the oldest job; waits for it. The pool must not be empty.
  Output take() {
    const std::shared_ptr<Slot> slot = std::move(slots_.front());
    slots_.pop_front();
    std::unique_lock lock(mutex_);
    output_ready_.wait(lock, [&] { return slot->output.has_value(); });
    return std::move(*slot->output);
  }

 private:
  struct Slot {
    std::optional<Job> job;        // taken by a worker
    std::optional<Output> output;  // set under the mutex
  };

  void run(unsigned worker) {
    std::unique_lock lock(mutex_);
    while (true) {
      job_ready_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      const std::shared_ptr<Slot> slot = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      Output output = work_(std::move(*slot->job), worker);
      slot->job.reset();
      lock.lock();
      slot->output.emplace(std::move(output));
      output_ready_.notify_one();
    }
  }

  Work work_;
  size_t capacity_;
  std::deque<std::shared_ptr<Slot>> slots_;  // the owner's thread only
  std::mutex mutex_;
  std::condition_variable job_ready_;
  std::condition_variable output_ready_;
  std::deque<std::shared_ptr<Slot>> waiting_;
  bool stopping_ = false;
  std::vector<std::jthread> workers_;  // last: joined before the rest goes
};

}  // namespace pith
