// How the text model's prediction ends, behind the mixer: what refines it. All but the default are
// there to be compared with it (bench/ablation).
#pragma once

namespace pith::text {

enum class Ending {
  kNone,          // the mixer's output is coded as it is
  kApms,          // APMs
  kStep,          // one micro-diffusion step (codecs/model/calibration.h)
  kThreeSteps,    // three, each behind the other, with its own cells
  kApmsThenStep,  // APMs, then one step: the format
};

}  // namespace pith::text
