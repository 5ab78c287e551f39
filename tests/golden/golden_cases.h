// The golden files of the current version: what each one holds and how it is made. Files of
// released versions stay for ever; a change of a bitstream adds a new folder and never touches an
// old one.
#pragma once

#include <zlib.h>

#include <string>
#include <tuple>
#include <vector>

#include "container/base_file.h"
#include "tests/golden/golden_inputs.h"
#include "tests/golden/golden_numbers.h"
#include "tests/support/hand_made.h"
#include "tests/support/random_data.h"
#include "tests/support/streams.h"

namespace pith::test {

// A case that is coded against the content of case Y is called X.on.Y.
struct GoldenCase {
  std::string name;
  ByteBuffer content;
  ByteBuffer file;
};

// The name of the case whose content is the base of this one; empty if it has none.
inline std::string base_of(const std::string& name) {
  constexpr std::string_view kOn = ".on.";
  const size_t at = name.find(kOn);
  return at == std::string::npos ? "" : name.substr(at + kOn.size());
}

inline ByteBuffer compressed_with(ByteView bytes, const char* codec, Level level) {
  CompressOptions options;
  options.select.forced = find_codec(codec);
  options.select.level = level;
  return compress_bytes(bytes, options);
}

inline ByteBuffer gzip_member(ByteView bytes, int level) {
  z_stream stream{};
  deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  ByteBuffer out(deflateBound(&stream, static_cast<uLong>(bytes.size())));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A block of each transform that may run before bwt, and each level that it is for.
inline void add_bwt_cases(std::vector<GoldenCase>& cases) {
  const auto add = [&cases](const char* name, const ByteBuffer& content, Level level) {
    cases.push_back({name, content, compressed_with(content, "bwt", level)});
  };
  add("bwt_zeros", ByteBuffer(100000, std::byte{0}), 5);
  add("bwt_runs", golden_runs(), 4);
  add("bwt_walk", golden_walk(), 6);
  add("bwt_letters", golden_letters(), 5);
  add("bwt_words", golden_prose(), 5);
  add("bwt_x86_32", golden_code(false), 4);
  add("bwt_x86_64", golden_code(true), 5);
  add("bwt_lines", golden_lines(golden_numbers(), "\n"), 6);
  add("bwt_lines_words", golden_lines(golden_words(), "\n"), 6);
  add("bwt_lines_words_crlf", golden_lines(golden_words(), "\r\n"), 4);
}

// Primed and not: the packs are part of what must never change.
inline void add_text_cases(std::vector<GoldenCase>& cases) {
  const auto add = [&cases](const char* name, const ByteBuffer& content, Level level, bool prime) {
    CompressOptions options;
    options.select = {.level = level, .forced = find_codec("text"), .prime = prime};
    cases.push_back({name, content, compress_bytes(content, options)});
  };
  add("text_runs_7", golden_runs(), 7, false);
  add("text_prose_7", golden_prose(), 7, true);
  add("text_prose_8", golden_prose(), 8, true);
  add("text_prose_9", golden_prose(), 9, false);
  add("text_code_7", golden_code(false), 7, true);
  add("text_code_8", golden_code(true), 8, false);
  add("text_code_9", golden_code(true), 9, true);
  add("text_markup_7", golden_markup(), 7, true);
  add("text_markup_8", golden_markup(), 8, false);
  add("text_markup_9", golden_markup(), 9, true);
  add("text_lines_7", golden_lines(golden_words(), "\n"), 7, false);
  add("text_lines_8", golden_lines(golden_words(), "\n"), 8, false);
  add("text_lines_9", golden_lines(golden_words(), "\r\n"), 9, true);
}

inline void add_log_cases(std::vector<GoldenCase>& cases) {
  const ByteBuffer log = golden_log();
  for (const auto& [name, codec, level] : {std::tuple{"log_1", "log", 1},
                                           {"log_5", "log", 5},
                                           {"log_6", "log", 6},
                                           {"logmix_7", "logmix", 7},
                                           {"logmix_8", "logmix", 8},
                                           {"logmix_9", "logmix", 9}}) {
    cases.push_back({name, log, compressed_with(log, codec, level)});
  }
}

inline void add_tensor_cases(std::vector<GoldenCase>& cases) {
  const ByteBuffer file = golden_tensors();
  for (const auto& [name, level] : {std::pair{"tensor_1", 1}, {"tensor_5", 5}, {"tensor_9", 9}}) {
    cases.push_back({name, file, compressed_with(file, "tensor", level)});
  }
  const MemoryRandomAccess before(file);
  const auto base = BaseFile::open(before, uint64_t{1} << 30);
  EXPECT_TRUE(base.has_value() && (*base)->find_tensors().has_value());
  const ByteBuffer trained = golden_trained_tensors();
  for (const auto& [name, level] :
       {std::pair{"tensor_5.on.tensor_1", 5}, {"tensor_9.on.tensor_1", 9}}) {
    CompressOptions options;
    options.select = {.level = level, .forced = find_codec("tensor")};
    options.base = base->get();
    cases.push_back({name, trained, compress_bytes(trained, options)});
  }
}

inline void add_number_cases(std::vector<GoldenCase>& cases) {
  const auto add = [&cases](const char* name, const ByteBuffer& content, const char* codec,
                            Level level) {
    cases.push_back({name, content, compressed_with(content, codec, level)});
  };
  add("cloud_sweep_3", golden_sweep(), "cloud", 3);
  add("cloud_sweep_5", golden_sweep(), "cloud", 5);
  add("cloud_spin_3", golden_spin(), "cloud", 3);
  add("cloud_spin_5", golden_spin(), "cloud", 5);
  add("cloud_firing_3", golden_firing(), "cloud", 3);
  add("cloud_rounds_5", golden_rounds(), "cloud", 5);
  add("cloudmix_columns_7", golden_columns(), "cloudmix", 7);
  add("cloudmix_trail_8", golden_trail(), "cloudmix", 8);
  add("cloudmix_firing_8", golden_firing(), "cloudmix", 8);
  add("cloudmix_rounds_9", golden_rounds(), "cloudmix", 9);
  add("las_3", golden_survey(3, 0), "las", 3);
  add("las_5", golden_survey(1, 5), "las", 5);
  add("las_9", golden_survey(7, 0), "las", 9);
  add("array_decimals_3", golden_decimals(), "array", 3);
  add("array_integers_5", golden_short_integers(), "array", 5);
  add("array_doubles_6", golden_doubles(), "array", 6);
  add("arraymix_decimals_7", golden_decimals(), "arraymix", 7);
  add("arraymix_integers_8", golden_short_integers(), "arraymix", 8);
  add("arraymix_doubles_9", golden_doubles(), "arraymix", 9);
}

// What is restored of a file within a bound.
inline GoldenCase near_case(const std::string& name, const ByteBuffer& file,
                            const ErrorBound& bound, Level level) {
  Rounding rounding({.bound = bound, .variables = {}});
  CompressOptions options;
  options.select = {.level = level, .forced = find_codec("wavelet")};
  options.rounding = &rounding;
  const auto open = [&] { return std::make_unique<MemorySource>(ByteView(file)); };
  if (rounding.needs_survey()) {
    EXPECT_TRUE(rounding.survey(open, options.select, nullptr).has_value());
  }
  ByteBuffer coded = compress_bytes(file, options);
  ByteBuffer restored = decompress_bytes(coded).bytes;
  return {name, std::move(restored), std::move(coded)};
}

inline void add_near_cases(std::vector<GoldenCase>& cases) {
  cases.push_back(near_case("wavelet_bound_5", golden_decimals(), {BoundKind::kAbsolute, 0.03}, 5));
  cases.push_back(near_case("wavelet_psnr_9", golden_doubles(), {BoundKind::kPsnr, 50}, 9));
}

// Cases name their codec or take a level at which it is settled, so that none changes when a codec
// is added: no case takes the choice of levels 7 to 9.
inline std::vector<GoldenCase> golden_cases() {
  const ByteBuffer text = random_text(20000, 1);
  const ByteBuffer noise = random_bytes(5000, 2);
  std::vector<GoldenCase> cases;
  cases.push_back({"empty", {}, compress_bytes({})});
  cases.push_back({"one_byte", ByteBuffer(as_bytes("x")), compress_bytes(as_bytes("x"))});
  cases.push_back({"stored", noise, compressed_with(noise, "stored", 5)});
  cases.push_back({"zstd", text, compressed_with(text, "zstd", 5)});
  const ByteBuffer zeros(100000, std::byte{0});
  cases.push_back({"zeros", zeros, compressed_with(zeros, "zstd", 5)});
  add_bwt_cases(cases);
  add_text_cases(cases);
  add_log_cases(cases);
  add_tensor_cases(cases);
  add_number_cases(cases);
  add_near_cases(cases);

  const ByteBuffer gzipped = gzip_member(text, 6);
  cases.push_back({"deflated_gzip", gzipped, compress_bytes(gzipped, 3)});
  cases.push_back({"deflated_gzip_bwt", gzipped, compress_bytes(gzipped, 5)});

  ByteBuffer blocks;
  HandMadeStream stream(static_cast<uint32_t>(xxh3_64(random_text(400, 10))));
  for (uint32_t i = 10; i < 16; ++i) {
    const ByteBuffer block = random_text(400 + i, i);
    stream.stored(i == 10 ? random_text(400, 10) : block);
    blocks.append(i == 10 ? random_text(400, 10) : block);
  }
  cases.push_back({"blocks_with_index", blocks, stream.finish()});

  ByteBuffer a = random_text(500, 20);
  HandMadeStream frames(static_cast<uint32_t>(xxh3_64(a)));
  frames.plain(4, write_codec_table({{1, 0, 1, "zstd"}}))
      .plain(2, write_metadata({{.tag = 1, .flags = 0, .value = ByteBuffer(as_bytes("name"))},
                                {.tag = 999, .flags = 7, .value = ByteBuffer(as_bytes("?"))}}))
      .stored(a)
      .plain(200, as_bytes("a frame of the future"))
      .stored(noise)
      .plain(5, as_bytes("parity"));
  a.append(noise);
  cases.push_back({"all_frame_kinds", a, frames.finish()});

  ByteBuffer both = text;
  both.append(noise);
  ByteBuffer two_streams = compress_bytes(text, 1);
  two_streams.append(compress_bytes({}));
  two_streams.append(compressed_with(noise, "stored", 9));
  cases.push_back({"concatenated", both, two_streams});

  ByteBuffer padded = compress_bytes(text, 3);
  padded.resize(padded.size() + 1024, std::byte{0});
  cases.push_back({"nul_padding", text, padded});

  const ByteBuffer inner = compress_bytes(text, 1);
  cases.push_back({"nested", inner, compressed_with(inner, "stored", 1)});
  return cases;
}

}  // namespace pith::test
