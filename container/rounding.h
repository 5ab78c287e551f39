// The rounding pass: on request, values of tensors, clouds and arrays are replaced by the coarsest
// ones within a bound before their blocks are coded, losslessly like any others. So the bound holds
// by construction, and the restored file is a valid one with all other bytes as they were.
//
// A chunk of HDF5 that went through deflate is deflated anew; zeros fill the room that is left,
// which readers pass over. One that becomes larger is kept as it was.
//
// Where a codec that approximates takes less for a block, what it makes takes the place of the
// rounded values (container/lossy_block.h).
//
// Not touched: bytes that the file holds a check of (Layout::sealed), values inside other
// compressed streams, values that are not finite or stand for "no value".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/source.h"
#include "container/block_reader.h"
#include "container/error_bound.h"
#include "container/metadata.h"
#include "container/number_fields.h"
#include "container/round_values.h"

namespace pith {

// What was done to one array, tensor or field of points.
struct RoundedVariable {
  std::string name;
  ErrorBound bound;
  double unit = 1;  // of the stored numbers; the errors below are in this unit
  RoundingStep step;
  RoundingStats stats;
  std::map<uint16_t, double> largest_errors{};  // by what replaced the values: see Rounding::Task

  double largest_error() const { return stats.largest_error * unit; }
  double psnr() const;  // dB; infinity if nothing was changed
};

class Rounding {
 public:
  explicit Rounding(LossyOptions options);
  ~Rounding();
  Rounding(const Rounding&) = delete;
  Rounding& operator=(const Rounding&) = delete;

  // True if bounds depend on what all values of a variable are: survey() must be called first.
  bool needs_survey() const;
  // Reads the input, which `open` gives anew each time, once or several times.
  Result<void> survey(const std::function<std::unique_ptr<Source>()>& open,
                      const SelectOptions& options, const Format* format);

  // For each block in the order of the input: plan() and account() on one thread, apply() between
  // them on any.
  struct Task {
    size_t segment = 0;   // of the block
    size_t variable = 0;  // index into variables()
    NumberRow row;        // in the block, or in the stream's content
    BoundKind kind = BoundKind::kExact;
    RoundingStep step;
    std::vector<uint64_t> fills;
    std::shared_ptr<const DeflateLayout> stream;  // if the segment is one
    RoundingStats stats;
    uint16_t codec = 0;  // that replaced the values; 0: they were rounded
  };
  std::vector<Task> plan(RawBlock& block);
  static void apply(std::vector<Task>& tasks, RawBlock& block);
  void account(const std::vector<Task>& tasks);

  // What was rounded so far, in the order of the input.
  const std::vector<RoundedVariable>& variables() const { return variables_; }
  // Patterns of LossyOptions::variables that no variable matched.
  std::vector<std::string> unmatched() const;
  // What the stream must carry: one declaration for each kind of bound, its value, and what
  // replaced the values.
  std::vector<MetadataRecord> declarations() const;

 private:
  struct Whole;

  const Whole& whole_of(const Layout& layout);
  void plan_stream(const Segment& segment, size_t index, std::vector<Task>& tasks);
  ErrorBound bound_for(const NumberField& field);
  RoundingStep step_of(const NumberField& field, const ErrorBound& bound, size_t variable) const;
  void reset_pass();

  LossyOptions options_;
  std::vector<RoundedVariable> variables_;
  std::vector<bool> matched_;  // by pattern
  // The wholes met so far; they keep what their keys point to.
  std::unordered_map<const void*, std::unique_ptr<Whole>> wholes_;
  // Of the survey, by the number of the variable: ranges, and how much narrower than the worst case
  // the steps for a PSNR must be.
  std::vector<RoundingStats> surveyed_;
  std::vector<double> psnr_steps_;
  bool surveying_ = false;
};

}  // namespace pith
