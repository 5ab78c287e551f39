#include "cli/messages.h"

#include <fmt/format.h>

#include <cstdio>

namespace pith::cli {
namespace {

int rank(int status) { return status == kExitWarning ? 1 : status == kExitError ? 2 : status; }

void print(const std::string& file, const std::string& text) {
  // A message that begins with the name already (system errors) is not given it twice.
  const std::string prefix = file + ": ";
  const std::string body = text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  const std::string line =
      file.empty() ? fmt::format("pith: {}", text) : fmt::format("pith: {}: {}", file, body);
  std::fputs((printable(line) + "\n").c_str(), stderr);
}

}  // namespace

std::string printable(const std::string& text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

int exit_status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kDamaged:
      return kExitDamaged;
    case ErrorCode::kUnsupported:
      return kExitUnsupported;
    case ErrorCode::kLimit:
      return kExitLimit;
    case ErrorCode::kUsage:
    case ErrorCode::kIo:
    case ErrorCode::kCancelled:
      break;
  }
  return kExitError;
}

void Messages::error(const std::string& file, const Error& error) {
  note_status(exit_status_of(error.code));
  if (verbosity_ > -2) print(file, error.message);
}

void Messages::warning(const std::string& file, const std::string& text) {
  note_status(kExitWarning);
  if (verbosity_ > -1) print(file, text);
}

void Messages::info(const std::string& file, const std::string& text) const {
  if (verbosity_ > 0) print(file, text);
}

void Messages::note_status(int status) {
  if (rank(status) > rank(status_)) status_ = status;
}

}  // namespace pith::cli
