// Part of the build: writes the packs as a C++ source, each as a zstd frame.
//   embed_packs OUTPUT PACK...
#include <zstd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

int main(int argc, char** argv) {
  constexpr int kLevel = 19;
  constexpr size_t kLine = 64;  // bytes in one line of the source
  if (argc < 3) return 1;
  std::string source =
      "#include \"codecs/text/pack_data.h\"\n\n#include <array>\n\nnamespace pith::text {\n\n"
      "std::span<const std::string_view> embedded_packs() {\n"
      "  static constexpr std::array<std::string_view, " +
      std::to_string(argc - 2) + "> kPacks = {{\n";
  for (int i = 2; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::string raw((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::string frame(ZSTD_compressBound(raw.size()), '\0');
    const size_t size = ZSTD_compress(frame.data(), frame.size(), raw.data(), raw.size(), kLevel);
    if (!file || raw.empty() || ZSTD_isError(size) != 0) {
      std::fprintf(stderr, "embed_packs: cannot use %s\n", argv[i]);
      return 1;
    }
    source += "      {";
    for (size_t at = 0; at < size; ++at) {
      if (at % kLine == 0) source += at == 0 ? "\"" : "\"\n       \"";
      char escape[5];
      std::snprintf(escape, sizeof escape, "\\%03o", static_cast<unsigned char>(frame[at]));
      source += escape;
    }
    source += "\", " + std::to_string(size) + "},\n";
  }
  source += "  }};\n  return kPacks;\n}\n\n}  // namespace pith::text\n";
  std::ofstream output(argv[1], std::ios::binary);
  output << source;
  return output.flush() ? 0 : 1;
}
