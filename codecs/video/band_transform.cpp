#include "codecs/video/band_transform.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/varint.h"
#include "codecs/video/payload.h"

namespace pith::video {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Eigenvectors of a symmetric matrix, in its place the eigenvalues: Jacobi's method.
Matrix eigenvectors(Matrix& m) {
  const size_t n = m.size();
  Matrix vectors(n, std::vector<double>(n, 0));
  for (size_t i = 0; i < n; ++i) vectors[i][i] = 1;
  constexpr int kSweeps = 30;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (size_t p = 0; p + 1 < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) {
        if (m[p][q] == 0) continue;
        const double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
        const double root = std::sqrt(theta * theta + 1);
        const double t = theta >= 0 ? 1 / (theta + root) : -1 / (root - theta);
        const double c = 1 / std::sqrt(t * t + 1);
        const double s = t * c;
        for (size_t k = 0; k < n; ++k) {
          const double kp = m[k][p];
          const double kq = m[k][q];
          m[k][p] = c * kp - s * kq;
          m[k][q] = s * kp + c * kq;
        }
        for (size_t k = 0; k < n; ++k) {
          const double pk = m[p][k];
          const double qk = m[q][k];
          m[p][k] = c * pk - s * qk;
          m[q][k] = s * pk + c * qk;
        }
        for (size_t k = 0; k < n; ++k) {
          const double kp = vectors[k][p];
          const double kq = vectors[k][q];
          vectors[k][p] = c * kp - s * kq;
          vectors[k][q] = s * kp + c * kq;
        }
      }
    }
  }
  return vectors;
}

double mean_of(const std::vector<double>& image) {
  return std::accumulate(image.begin(), image.end(), 0.0) / static_cast<double>(image.size());
}

// The coefficients of all components, those with the largest variance first.
std::vector<int16_t> turns_of(const BandValues& values, const std::vector<double>& means) {
  const size_t n = values.size();
  Matrix covariance(n, std::vector<double>(n, 0));
  for (size_t a = 0; a < n; ++a) {
    for (size_t b = a; b < n; ++b) {
      double sum = 0;
      for (size_t i = 0; i < values[a].size(); ++i) {
        sum += (values[a][i] - means[a]) * (values[b][i] - means[b]);
      }
      covariance[a][b] = covariance[b][a] = sum;
    }
  }
  const Matrix vectors = eigenvectors(covariance);
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return covariance[a][a] > covariance[b][b]; });
  std::vector<int16_t> turn;
  for (const size_t column : order) {
    // Of two directions the one with the larger sum.
    double sum = 0;
    for (size_t b = 0; b < n; ++b) sum += vectors[b][column];
    for (size_t b = 0; b < n; ++b) {
      const double wanted = (sum < 0 ? -vectors[b][column] : vectors[b][column]) * kTurnOne;
      turn.push_back(static_cast<int16_t>(wanted < 0 ? wanted - 0.5 : wanted + 0.5));
    }
  }
  return turn;
}

}  // namespace

Components make_components(const BandValues& values, double waste) {
  const size_t n = values.size();
  const size_t cells = values.front().size();
  Components made;
  BandTransform& t = made.transform;
  t.bands = static_cast<uint32_t>(n);
  for (const auto& image : values) t.means.push_back(mean_of(image));
  t.turn = n > 1 ? turns_of(values, t.means) : std::vector<int16_t>{kTurnOne};
  made.images.assign(n, std::vector<double>(cells, 0));
  for (size_t c = 0; c < n; ++c) {
    for (size_t b = 0; b < n; ++b) {
      const double turn = static_cast<double>(t.turn[c * n + b]) / kTurnOne;
      for (size_t i = 0; i < cells; ++i) made.images[c][i] += turn * (values[b][i] - t.means[b]);
    }
  }
  // From the last one on, those that do not matter.
  double left_out = 0;
  while (made.images.size() > 1) {
    for (const double value : made.images.back()) left_out += value * value;
    if (!(left_out <= waste)) break;
    made.images.pop_back();
  }
  t.components = static_cast<uint32_t>(made.images.size());
  t.turn.resize(size_t{t.components} * n);
  for (const auto& image : made.images) {
    const auto [low, high] = std::minmax_element(image.begin(), image.end());
    made.widest = std::max(made.widest, *high - *low);
    made.lowest.push_back(*low);
  }
  return made;
}

double set_samples(Components& components, double highest, double fill) {
  // Halves of steps are left on both sides, so that rounding stays within the samples.
  const double widest = components.widest;
  const double step = widest > 0 ? widest / ((highest - 1) * fill) : 1;
  BandTransform& t = components.transform;
  t.unit = step / kTurnOne;
  t.zeros.clear();
  for (const double lowest : components.lowest) {
    t.zeros.push_back(static_cast<int32_t>(std::floor(0.5 - lowest / step)));
  }
  return step;
}

void write_transform(const BandTransform& transform, ByteWriter& out) {
  write_varint(out, transform.components);
  out.u64(std::bit_cast<uint64_t>(transform.unit));
  for (const double mean : transform.means) out.u64(std::bit_cast<uint64_t>(mean));
  for (const int32_t zero : transform.zeros) out.u32(static_cast<uint32_t>(zero));
  if (transform.bands == 1) return;
  for (const int16_t turn : transform.turn) out.u16(static_cast<uint16_t>(turn));
}

Result<BandTransform> read_transform(ByteReader& in, uint32_t bands) {
  BandTransform t;
  t.bands = bands;
  const uint64_t components = read_varint(in);
  if (!in.ok() || components == 0 || components > bands) return damaged("its components");
  t.components = static_cast<uint32_t>(components);
  t.unit = std::bit_cast<double>(in.u64());
  for (uint32_t b = 0; b < bands; ++b) t.means.push_back(std::bit_cast<double>(in.u64()));
  for (uint32_t c = 0; c < components; ++c) t.zeros.push_back(static_cast<int32_t>(in.u32()));
  t.turn.assign(components * bands, static_cast<int16_t>(kTurnOne));
  if (bands > 1) {
    for (int16_t& turn : t.turn) turn = static_cast<int16_t>(in.u16());
  }
  if (!in.ok()) return damaged("its transform");
  return t;
}

}  // namespace pith::video
