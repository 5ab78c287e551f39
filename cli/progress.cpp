#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "base/json.h"

namespace pith::cli {
namespace {

constexpr std::chrono::milliseconds kFirst{500};
constexpr std::chrono::milliseconds kEvery{200};
constexpr size_t kNameWidth = 24;

std::string clock_text(double seconds) {
  const auto whole = static_cast<uint64_t>(seconds + 0.5);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

Progress::Progress(const Options& options, std::string name, std::optional<uint64_t> total,
                   bool coded_total)
    : name_(std::move(name)),
      total_(total),
      coded_total_(coded_total),
      json_(options.progress == ProgressMode::kJson) {
  const bool wanted = options.progress == ProgressMode::kAlways || json_ ||
                      (options.progress == ProgressMode::kAuto && options.verbosity >= 0 &&
                       ::isatty(STDERR_FILENO) != 0);
  if (!wanted) return;
  try {
    thread_ = std::jthread([this] { run(); });
  } catch (const std::system_error&) {
    // The system grants no thread for it: the work goes on unseen.
  }
}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  if (json_) {
    show();
  } else if (shown_) {
    std::fputs("\r\033[K", stderr);
  }
}

void Progress::run() {
  std::unique_lock lock(mutex_);
  auto wait = kFirst;
  while (!wake_.wait_for(lock, wait, [this] { return stopping_; })) {
    show();
    wait = kEvery;
  }
}

void Progress::show() {
  shown_ = true;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const uint64_t raw = raw_;
  const uint64_t coded = coded_;
  const uint64_t done = coded_total_ ? coded : raw;
  const double fraction =
      total_ && *total_ > 0
          ? std::min(1.0, static_cast<double>(done) / static_cast<double>(*total_))
          : 0.0;
  const double speed = static_cast<double>(raw) / 1e6 / std::max(elapsed.count(), 1e-3);
  const double ratio = coded > 0 ? static_cast<double>(raw) / static_cast<double>(coded) : 0.0;
  if (json_) {
    fmt::print(stderr,
               "{{\"file\": {}, \"raw\": {}, \"coded\": {}, \"fraction\": {:.4f}, "
               "\"mb_per_s\": {:.2f}, \"seconds\": {:.2f}}}\n",
               json_string(name_), raw, coded, fraction, speed, elapsed.count());
    return;
  }
  std::string line =
      name_.size() > kNameWidth ? "…" + name_.substr(name_.size() - kNameWidth + 1) : name_;
  if (total_) {
    line += fmt::format("  {:3.0f} %", 100 * fraction);
  } else {
    line += fmt::format("  {:.1f} MB", static_cast<double>(raw) / 1e6);
  }
  line += fmt::format("  {:.1f} MB/s", speed);
  if (coded > 0) line += fmt::format("  ratio {:.2f}", ratio);
  if (fraction > 0) {
    line += "  " + clock_text(elapsed.count() * (1 - fraction) / fraction) + " left";
  } else {
    line += "  " + clock_text(elapsed.count()) + " so far";
  }
  fmt::print(stderr, "\r{}\033[K", line);
}

}  // namespace pith::cli
