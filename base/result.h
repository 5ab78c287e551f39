// Results and errors. Libraries return Result<T>; no exception crosses a folder.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace pith {

// What went wrong, as a user would sort it. Each code has one exit status (cli/messages.h).
enum class ErrorCode : uint8_t {
  kUsage,        // the caller asked for something that has no meaning
  kIo,           // the operating system refused (the message names errno)
  kDamaged,      // the compressed data are not what a writer wrote
  kUnsupported,  // intact, but needs a codec or a version that this program lacks
  kLimit,        // would need more memory or output than allowed
  kCancelled,    // the caller asked to stop
};

struct Error {
  ErrorCode code = ErrorCode::kIo;
  std::string message;  // one sentence without a final dot, fit for a terminal
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

}  // namespace pith

// NOLINTBEGIN(bugprone-macro-parentheses): the arguments are declarations and statements

// Returns the error of `expression` from the enclosing function, if it has one.
#define PITH_TRY(expression)                                                    \
  do {                                                                          \
    if (auto pith_try_result = (expression); !pith_try_result) {                \
      return tl::unexpected<::pith::Error>(std::move(pith_try_result).error()); \
    }                                                                           \
  } while (false)

#define PITH_CONCAT_INNER(a, b) a##b
#define PITH_CONCAT(a, b) PITH_CONCAT_INNER(a, b)

// PITH_ASSIGN(auto value, expression): declares (or assigns) the value, or returns the error.
#define PITH_ASSIGN(target, expression) \
  PITH_ASSIGN_INNER(PITH_CONCAT(pith_assign_, __LINE__), target, expression)
#define PITH_ASSIGN_INNER(name, target, expression)                         \
  auto name = (expression);                                                 \
  if (!name) return tl::unexpected<::pith::Error>(std::move(name).error()); \
  target = std::move(*name)

// NOLINTEND(bugprone-macro-parentheses)
