#include "codecs/video/library.h"

#ifdef PITH_VIDEO

#include <dlfcn.h>

#include <cstdlib>
#include <string>

namespace pith::video {
namespace {

// What binaries of these headers are linked with, by the names that the system gives them.
std::string file_name(const char* name, int version) {
  return std::string(name) + ".so." + std::to_string(version);
}

Result<void*> open(const std::string& name) {
  // Never closed: threads of encoders may outlive any place where that could be done.
  void* const handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return handle;
  const char* const reason = ::dlerror();
  return fail(ErrorCode::kUnsupported, "the video codec needs " + name + ": " +
                                           (reason != nullptr ? reason : "it cannot be loaded"));
}

template <class Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

Result<Library> load() {
  // SVT-AV1 knows no other way to be quiet.
  ::setenv("SVT_LOG", "-2", 0);
  PITH_ASSIGN(void* const util, open(file_name("libavutil", LIBAVUTIL_VERSION_MAJOR)));
  PITH_ASSIGN(void* const codec, open(file_name("libavcodec", LIBAVCODEC_VERSION_MAJOR)));
  Library all;
  const bool found =
      find(codec, "avcodec_find_encoder_by_name", all.avcodec_find_encoder_by_name) &&
      find(codec, "avcodec_find_decoder_by_name", all.avcodec_find_decoder_by_name) &&
      find(codec, "avcodec_alloc_context3", all.avcodec_alloc_context3) &&
      find(codec, "avcodec_free_context", all.avcodec_free_context) &&
      find(codec, "avcodec_open2", all.avcodec_open2) &&
      find(codec, "avcodec_send_frame", all.avcodec_send_frame) &&
      find(codec, "avcodec_receive_packet", all.avcodec_receive_packet) &&
      find(codec, "avcodec_send_packet", all.avcodec_send_packet) &&
      find(codec, "avcodec_receive_frame", all.avcodec_receive_frame) &&
      find(codec, "av_packet_alloc", all.av_packet_alloc) &&
      find(codec, "av_packet_free", all.av_packet_free) &&
      find(codec, "av_packet_unref", all.av_packet_unref) &&
      find(codec, "av_new_packet", all.av_new_packet) &&
      find(util, "av_frame_alloc", all.av_frame_alloc) &&
      find(util, "av_frame_free", all.av_frame_free) &&
      find(util, "av_frame_unref", all.av_frame_unref) &&
      find(util, "av_frame_get_buffer", all.av_frame_get_buffer) &&
      find(util, "av_frame_make_writable", all.av_frame_make_writable) &&
      find(util, "av_dict_set", all.av_dict_set) && find(util, "av_dict_free", all.av_dict_free) &&
      find(util, "av_mallocz", all.av_mallocz) &&
      find(util, "av_log_set_level", all.av_log_set_level);
  if (!found) return fail(ErrorCode::kUnsupported, "libavcodec lacks functions that pith needs");
  all.av_log_set_level(AV_LOG_QUIET);
  return all;
}

}  // namespace

bool is_built_in() { return true; }

Result<const Library*> library() {
  static const Result<Library> kLoaded = load();
  if (!kLoaded) return tl::unexpected(kLoaded.error());
  return &*kLoaded;
}

}  // namespace pith::video

#else

namespace pith::video {
bool is_built_in() { return false; }
}  // namespace pith::video

#endif
