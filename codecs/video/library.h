// libavcodec, loaded when it is first needed: it brings some ninety libraries with it, which take
// longer to load than a small file to compress. Headers of the same major versions are there when
// pith is built; without them (PITH_VIDEO is not defined) there is no library.
#pragma once

#include "base/result.h"

#ifdef PITH_VIDEO
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
}
#endif

namespace pith::video {

// True if the program was built with libavcodec's headers.
bool is_built_in();

#ifdef PITH_VIDEO

// The functions that are used, by their names in the library.
struct Library {
  decltype(&::avcodec_find_encoder_by_name) avcodec_find_encoder_by_name = nullptr;
  decltype(&::avcodec_find_decoder_by_name) avcodec_find_decoder_by_name = nullptr;
  decltype(&::avcodec_alloc_context3) avcodec_alloc_context3 = nullptr;
  decltype(&::avcodec_free_context) avcodec_free_context = nullptr;
  decltype(&::avcodec_open2) avcodec_open2 = nullptr;
  decltype(&::avcodec_send_frame) avcodec_send_frame = nullptr;
  decltype(&::avcodec_receive_packet) avcodec_receive_packet = nullptr;
  decltype(&::avcodec_send_packet) avcodec_send_packet = nullptr;
  decltype(&::avcodec_receive_frame) avcodec_receive_frame = nullptr;
  decltype(&::av_packet_alloc) av_packet_alloc = nullptr;
  decltype(&::av_packet_free) av_packet_free = nullptr;
  decltype(&::av_packet_unref) av_packet_unref = nullptr;
  decltype(&::av_new_packet) av_new_packet = nullptr;
  decltype(&::av_frame_alloc) av_frame_alloc = nullptr;
  decltype(&::av_frame_free) av_frame_free = nullptr;
  decltype(&::av_frame_unref) av_frame_unref = nullptr;
  decltype(&::av_frame_get_buffer) av_frame_get_buffer = nullptr;
  decltype(&::av_frame_make_writable) av_frame_make_writable = nullptr;
  decltype(&::av_dict_set) av_dict_set = nullptr;
  decltype(&::av_dict_free) av_dict_free = nullptr;
  decltype(&::av_mallocz) av_mallocz = nullptr;
  decltype(&::av_log_set_level) av_log_set_level = nullptr;
};

// kUnsupported, with what the system says, if it cannot be loaded. Safe from any thread.
Result<const Library*> library();

#endif

}  // namespace pith::video
