#include "cli/tools/png_image.h"

#include <array>
#include <cerrno>
#include <csetjmp>
#include <cstdio>
#include <memory>
#include <vector>

#include "base/fd.h"

#ifdef PITH_PNG
#include <png.h>
#endif

namespace pith::cli {

#ifdef PITH_PNG
namespace {

constexpr uint32_t kLargestSide = 1U << 20;

// libpng leaves by longjmp: nothing that owns anything may be made between it and its target.
[[noreturn]] void on_error(png_structp png, png_const_charp) { png_longjmp(png, 1); }
void on_warning(png_structp, png_const_charp) {}

void on_write(png_structp png, png_bytep data, size_t size) {
  auto* const out = static_cast<ByteBuffer*>(png_get_io_ptr(png));
  out->append({reinterpret_cast<const std::byte*>(data), size});
}
void on_flush(png_structp) {}

struct Reader {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
  png_infop info = png_create_info_struct(png);
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

struct Writer {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, on_error, on_warning);
  png_infop info = png_create_info_struct(png);
  ~Writer() { png_destroy_write_struct(&png, &info); }
};

void set_rows(Image& image, std::vector<png_bytep>& rows) {
  rows.resize(image.height);
  for (uint32_t y = 0; y < image.height; ++y) {
    rows[y] = reinterpret_cast<png_bytep>(image.samples.data() + y * image.row_size());
  }
}

bool read_into(Reader& reader, Image& image, std::vector<png_bytep>& rows, std::FILE* file) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_init_io(reader.png, file);
  png_read_info(reader.png, reader.info);
  const int color = png_get_color_type(reader.png, reader.info);
  if (color == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(reader.png);
  if (color == PNG_COLOR_TYPE_GRAY) png_set_expand_gray_1_2_4_to_8(reader.png);
  if (color == PNG_COLOR_TYPE_PALETTE && png_get_valid(reader.png, reader.info, PNG_INFO_tRNS)) {
    png_set_tRNS_to_alpha(reader.png);
  }
  if (png_get_bit_depth(reader.png, reader.info) == 16) png_set_swap(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  image.width = png_get_image_width(reader.png, reader.info);
  image.height = png_get_image_height(reader.png, reader.info);
  image.channels = png_get_channels(reader.png, reader.info);
  image.depth = png_get_bit_depth(reader.png, reader.info);
  if (image.width > kLargestSide || image.height > kLargestSide) return false;
  image.samples.resize(image.row_size() * image.height);
  set_rows(image, rows);
  png_read_image(reader.png, rows.data());
  png_read_end(reader.png, nullptr);
  return true;
}

bool write_from(Writer& writer, const Image& image, std::vector<png_bytep>& rows, ByteBuffer& out) {
  constexpr std::array<int, 4> kColors = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                          PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
  png_set_write_fn(writer.png, &out, on_write, on_flush);
  png_set_IHDR(writer.png, writer.info, image.width, image.height, static_cast<int>(image.depth),
               kColors[image.channels - 1], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(writer.png, writer.info);
  if (image.depth == 16) png_set_swap(writer.png);
  png_write_image(writer.png, rows.data());
  png_write_end(writer.png, nullptr);
  return true;
}

}  // namespace

Result<void> write_png(const Image& image, Sink& sink) {
  ByteBuffer out;
  Image copy = image;  // libpng's rows are not const
  std::vector<png_bytep> rows;
  set_rows(copy, rows);
  Writer writer;
  if (!write_from(writer, copy, rows, out)) {
    return fail(ErrorCode::kIo, "libpng could not write the image");
  }
  return sink.write(out);
}

Result<Image> read_png(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             std::fclose);
  if (file == nullptr) return tl::unexpected(errno_error(path, "cannot open", errno));
  Image image;
  std::vector<png_bytep> rows;
  Reader reader;
  if (!read_into(reader, image, rows, file.get())) {
    return fail(ErrorCode::kDamaged, path + ": is no PNG image, or a damaged one");
  }
  return image;
}

#else

Result<void> write_png(const Image&, Sink&) {
  return fail(ErrorCode::kUnsupported, "this program was built without libpng");
}
Result<Image> read_png(const std::string&) {
  return fail(ErrorCode::kUnsupported, "this program was built without libpng");
}

#endif

}  // namespace pith::cli
