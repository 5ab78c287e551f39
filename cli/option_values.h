// The values that options take: each sets what its text means, or rejects it.
#pragma once

#include <string>

#include "cli/options.h"

namespace pith::cli {

// Ends the reading of the arguments with a message.
[[noreturn]] void reject(const std::string& message);

uint64_t size_value(const std::string& text);
uint64_t number_value(const std::string& text, uint64_t largest);
// Seconds, with at most three decimals, as milliseconds.
uint64_t interval_value(const std::string& text);

void set_level(Options& options, const std::string& text);
void set_codec(Options& options, const std::string& name);
void set_format(Options& options, const std::string& text);
void set_range(Options& options, const std::string& text);
void set_points(Options& options, const std::string& text);
void set_rows(Options& options, const std::string& text);
void set_bound(Options& options, BoundKind kind, const std::string& text);
// NAME:abs=0.01, NAME:rel=1e-3, NAME:psnr=60, NAME:exact. The name may have colons.
void add_variable_bound(Options& options, const std::string& text);
void set_progress(Options& options, const std::string& text);

}  // namespace pith::cli
