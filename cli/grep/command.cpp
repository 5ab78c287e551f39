#include "cli/grep/command.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "base/source.h"
#include "cli/grep/block_walk.h"
#include "cli/grep/options.h"
#include "cli/grep/search.h"
#include "cli/inputs.h"
#include "cli/messages.h"
#include "cli/resources.h"
#include "container/decompressor.h"
#include "container/layout.h"

namespace pith::grep {
namespace {

constexpr int kFound = 0;
constexpr int kNotFound = 1;
constexpr int kTrouble = 2;

constexpr size_t kPiece = 256 << 10;

// Hands what is decoded to the search, and ends the decoding when the search is over.
class SearchSink : public Sink {
 public:
  explicit SearchSink(FileSearch& search) : search_(search) {}
  Result<void> write(ByteView bytes) override {
    PITH_TRY(search_.feed(as_text(bytes)));
    if (search_.is_done()) return fail(ErrorCode::kCancelled, "enough was read");
    return {};
  }

 private:
  FileSearch& search_;
};

// Decoded bytes that were read before, then the rest of a file.
class RewoundSource : public Source {
 public:
  RewoundSource(ByteView head, Source& rest) : head_(head), rest_(rest) {}
  Result<size_t> read(MutableBytes out) override {
    const size_t size = std::min(out.size(), head_.size());
    std::copy_n(head_.begin(), size, out.begin());
    head_ = head_.subspan(size);
    if (size == out.size()) return size;
    PITH_ASSIGN(const size_t more, rest_.read(out.subspan(size)));
    return size + more;
  }

 private:
  ByteView head_;
  Source& rest_;
};

Result<void> search_plain(Source& source, FileSearch& search) {
  ByteBuffer piece(kPiece);
  while (!search.is_done()) {
    PITH_ASSIGN(const size_t got, source.read(piece));
    if (got == 0) break;
    PITH_TRY(search.feed(as_text(ByteView(piece).first(got))));
  }
  return {};
}

class Grep {
 public:
  Grep(const GrepOptions& options, const Matcher& matcher, bool utf8)
      : options_(options),
        matcher_(matcher),
        utf8_(utf8),
        out_(STDOUT_FILENO, "(stdout)"),
        printer_(options, matcher, options.with_names.value_or(options.files.size() > 1), out_) {}

  int run() {
    for (const std::string& path : options_.files) {
      const std::string shown = path == "-" ? options_.label : path;
      if (auto searched = search_file(path, shown); !searched) complain(shown, searched.error());
      if (auto flushed = printer_.flush(); !flushed) {
        complain("(stdout)", flushed.error());
        break;
      }
      if (options_.quiet && found_) return kFound;
    }
    if (status_ != 0) return status_;
    return found_ ? kFound : kNotFound;
  }

 private:
  Result<void> search_file(const std::string& path, const std::string& shown) {
    PITH_ASSIGN(const cli::InputFile input, cli::open_any_input(path));
    FdSource file(input.fd, input.name);
    FileSearch search(options_, matcher_, printer_, shown, utf8_);
    const auto searched = search_content(input, file, search);
    PITH_TRY(search.finish());
    found_ = found_ || search.selected() > 0;
    if (search.is_binary_match()) {
      PITH_TRY(printer_.flush());
      if (!options_.no_messages) {
        fmt::print(stderr, "pith grep: {}: binary file matches\n", cli::printable(shown));
      }
    }
    if (!searched && search.is_done() && searched.error().code == ErrorCode::kCancelled) return {};
    return searched;
  }

  // By its blocks if some may be passed over, or from the front.
  Result<void> search_content(const cli::InputFile& input, Source& file, FileSearch& search) const {
    if (input.is_regular() && ::lseek(input.fd, 0, SEEK_CUR) == 0) {
      const FileRandomAccess blocks(input.fd, input.size(), input.name);
      PITH_ASSIGN(const bool done,
                  search_blocks(blocks, options_, matcher_, threads(), memory_limit(), search));
      if (done) return {};
    }
    return feed(file, search);
  }

  unsigned threads() const {
    const unsigned asked = options_.threads.value_or(0);
    return asked != 0 ? asked : cli::available_threads();
  }
  uint64_t memory_limit() const {
    return options_.memory_limit.value_or(cli::default_memory_limit());
  }

  Result<void> feed(Source& file, FileSearch& search) const {
    ByteBuffer head(kMagic.size());
    PITH_ASSIGN(const size_t got, file.read(head));
    head.resize(got);
    RewoundSource source(head, file);
    if (!StreamHeader::has_magic(head)) return search_plain(source, search);
    SearchSink sink(search);
    DecompressOptions settings;
    settings.threads = threads();
    settings.memory_limit = memory_limit();
    PITH_TRY(decompress(source, sink, settings));
    return {};
  }

  void complain(const std::string& file, const Error& error) {
    const int status = cli::exit_status_of(error.code);
    status_ = std::max(status_, std::max(status, kTrouble));
    if (options_.no_messages && error.code == ErrorCode::kIo) return;
    const std::string prefix = file + ": ";
    const std::string text =
        error.message.starts_with(prefix) ? error.message : prefix + error.message;
    fmt::print(stderr, "pith grep: {}\n", cli::printable(text));
  }

  const GrepOptions& options_;
  const Matcher& matcher_;
  bool utf8_;
  FdSink out_;
  Printer printer_;
  bool found_ = false;
  int status_ = 0;
};

}  // namespace

int run_grep(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  const bool utf8 = std::strcmp(::nl_langinfo(CODESET), "UTF-8") == 0;
  auto parsed = parse_grep_options(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) {
    std::cout.flush();
    const bool written = std::fflush(stdout) == 0 && std::cout.good();
    return written ? *status : kTrouble;
  }
  const auto& options = std::get<GrepOptions>(parsed);
  if (options.max_count == 0 && !options.names_of_not_matching) return kNotFound;
  const auto matcher = Matcher::make(options, utf8);
  if (!matcher) {
    fmt::print(stderr, "pith grep: {}\n", matcher.error().message);
    return kTrouble;
  }
  return Grep(options, *matcher, utf8).run();
}

}  // namespace pith::grep
