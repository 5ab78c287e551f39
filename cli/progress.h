// Progress of one file on standard error: percent, speed, ratio so far, time left. Nothing is shown
// for the first half second, nor on what is no terminal (unless asked for).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/options.h"

namespace pith::cli {

class Progress {
 public:
  // `total`: the size of what update() counts towards, if known. `coded_total`: it is the coded
  // size, not the raw one.
  Progress(const Options& options, std::string name, std::optional<uint64_t> total,
           bool coded_total = false);
  ~Progress();  // ends the display and clears its line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(uint64_t raw, uint64_t coded) {
    raw_.store(raw, std::memory_order_relaxed);
    coded_.store(coded, std::memory_order_relaxed);
  }

 private:
  void run();
  void show();

  std::string name_;
  std::optional<uint64_t> total_;
  bool coded_total_;
  bool json_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<uint64_t> raw_{0};
  std::atomic<uint64_t> coded_{0};
  bool shown_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace pith::cli
