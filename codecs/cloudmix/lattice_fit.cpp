#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "codecs/cloud/trig.h"
#include "codecs/cloudmix/lattice.h"

namespace pith::cloudmix {
namespace {

constexpr int kFinest = 15;  // lattice steps from 2^-15 m …
constexpr int kLikely = 13;
constexpr int kFine = 17;
constexpr int kCoarsest = 9;  // … to 2^-9 m
constexpr double kMostTilt = 0.12;
constexpr double kSure = 0.7;
constexpr double kRound = 6.283185307179586;

Vector minus(const Vector& a, const Vector& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
double length(const Vector& a) { return std::sqrt(dot(a, a)); }
Vector unit(const Vector& a) {
  const double size = length(a);
  return {a[0] / size, a[1] / size, a[2] / size};
}
Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

// The cosine of an angle in turns: two parabolas, refined once; within 0.001.
double wave(double turns) {
  const double part =
      turns - static_cast<double>(static_cast<int64_t>(turns + (turns < 0 ? -0.5 : 0.5)));
  const double quarter = 0.25 - std::abs(part);
  const double y = 16 * quarter * (0.5 - std::abs(quarter));
  return y * (0.775 + 0.225 * std::abs(y));
}

// Mean cosine of k · d: 1 if all are whole numbers.
double score(const Vector& k, std::span<const Vector> differences) {
  double sum = 0;
  for (const Vector& d : differences) sum += wave(dot(k, d));
  return differences.empty() ? 0 : sum / static_cast<double>(differences.size());
}

class Finder {
 public:
  Finder(std::span<const Vector> path, std::span<const Vector> points)
      : path_(path), points_(points) {}

  std::optional<Lattice> find() {
    if (path_.size() < 64 || points_.size() < 512) return std::nullopt;
    if (length(minus(path_.back(), path_.front())) < 0.02) return std::nullopt;  // it stood still
    along_ = unit(minus(path_.back(), path_.front()));
    level_ = unit(cross({0, 0, 1}, along_));
    up_ = cross(along_, level_);
    std::vector<Vector> found;
    for (int log = kCoarsest; log <= kFinest && found.empty(); ++log) {
      search(std::ldexp(1.0, log), found);
    }
    for (int log = kLikely; log <= kFinest && found.empty(); ++log) {
      search_along(std::ldexp(1.0, log), found);
    }
    if (found.empty()) return std::nullopt;
    Lattice lattice;
    lattice.first = found.front();
    for (int log = kCoarsest; log <= kFinest && !lattice.exists; ++log) {
      lattice.exists = search_across(std::ldexp(1.0, log), lattice.first, lattice.second);
    }
    if (!lattice.exists) {
      // Close to an axis of the map the steps across are as fine as the points themselves: any fine
      // vector serves.
      const Vector level = unit(cross({0, 0, 1}, lattice.first));
      for (size_t i = 0; i < 3; ++i) lattice.second[i] = std::ldexp(level[i], kFine);
      lattice.exists = true;
    }
    lattice.first_shift = shift_of(lattice.first);
    lattice.second_shift = shift_of(lattice.second);
    return lattice;
  }

 private:
  // Pairs of points of the path that are about `apart` from each other.
  std::vector<Vector> path_pairs(double apart) const {
    std::vector<Vector> found;
    size_t j = 1;
    const size_t stride = std::max<size_t>(1, path_.size() / 256);
    for (size_t i = 0; i < path_.size(); i += stride) {
      j = std::max(j, i + 1);
      while (j < path_.size() && length(minus(path_[j], path_[i])) < apart * 0.6) ++j;
      for (size_t k = j; k < path_.size() && k < j + 2; ++k) {
        const Vector d = minus(path_[k], path_[i]);
        const double size = length(d);
        if (size > 0 && size < apart * 1.4) found.push_back(d);
      }
    }
    return found;
  }

  // Pairs of points that lie at most `apart` from each other in the order of the file.
  std::vector<Vector> point_pairs(double apart) const {
    std::vector<Vector> found;
    // In a scattered order, so that the first ones already lie in all directions.
    constexpr size_t kPrime = 7919;
    for (size_t n = 0; n < points_.size() && found.size() < 240; ++n) {
      const size_t i = n * kPrime % points_.size();
      for (size_t j = i + 1; j < points_.size() && j < i + 100; ++j) {
        const Vector d = minus(points_[j], points_[i]);
        const double size = length(d);
        if (size > apart * 0.25 && size < apart) {
          found.push_back(d);
          break;
        }
      }
    }
    return found;
  }
  std::vector<Vector> far_pairs(double apart) const {
    std::vector<Vector> found;
    uint32_t state = 12345;
    for (size_t tries = 0; tries < 20000 && found.size() < 240; ++tries) {
      state = state * 1664525 + 1013904223;
      const size_t i = (state >> 8) % points_.size();
      state = state * 1664525 + 1013904223;
      const size_t j = (i + 1 + (state >> 8) % 4000) % points_.size();
      const Vector d = minus(points_[j], points_[i]);
      const double size = length(d);
      if (size > apart * 0.25 && size < apart) found.push_back(d);
    }
    return found;
  }

  // A vector of known length, by its part along the path and its turn around it.
  struct Candidate {
    double along;
    double tilt;  // radians
    double side;  // 1 or -1
    double score;
  };

  Vector vector_of(const Candidate& candidate, double size) const {
    const double rest = std::sqrt(std::max(0.0, size * size - candidate.along * candidate.along));
    const auto [c, s] = cloud::unit_vector(candidate.tilt / kRound);
    Vector k{};
    for (size_t i = 0; i < 3; ++i) {
      k[i] = candidate.along * along_[i] + rest * (candidate.side * c * level_[i] + s * up_[i]);
    }
    return k;
  }

  // Keeps the best candidates, of those that are close to each other the best.
  static void thin_out(std::vector<Candidate>& all, double apart, double turned, size_t most) {
    std::sort(all.begin(), all.end(),
              [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
    std::vector<Candidate> kept;
    for (const Candidate& candidate : all) {
      if (kept.size() == most) break;
      const bool near = std::any_of(kept.begin(), kept.end(), [&](const Candidate& other) {
        return other.side == candidate.side && std::abs(other.along - candidate.along) < apart &&
               std::abs(other.tilt - candidate.tilt) < turned;
      });
      if (!near) kept.push_back(candidate);
    }
    all = std::move(kept);
  }

  // All vectors of this length, appended to `found`.
  void search(double size, std::vector<Vector>& found) const {
    const double mean_step =
        length(minus(path_.back(), path_.front())) / static_cast<double>(path_.size());
    double apart = std::max(2 * mean_step, 4 / size);
    std::vector<Candidate> all;
    auto pairs = path_pairs(apart);
    if (pairs.size() < 16) return;
    const double step = 0.2 / apart;
    const double tilt_step = std::min(0.08, 4 * step / size);
    pairs.resize(std::min<size_t>(pairs.size(), 48));
    for (double along = 0; along < size; along += step) {
      for (const double side : {1.0, -1.0}) {
        for (double tilt = -kMostTilt; tilt <= kMostTilt; tilt += tilt_step) {
          Candidate candidate{along, tilt, side, 0};
          candidate.score = score(vector_of(candidate, size), pairs);
          if (candidate.score > 0.5) all.push_back(candidate);
        }
      }
    }
    thin_out(all, step, tilt_step, 120);
    for (; apart < 0.05 && !all.empty(); apart *= 1.8) {
      pairs = path_pairs(apart * 1.8);
      if (pairs.size() < 16) continue;
      pairs.resize(std::min<size_t>(pairs.size(), 64));
      for (Candidate& candidate : all) {
        climb_path(candidate, size, pairs, 0.2 / apart, tilt_step / 4);
        climb_path(candidate, size, pairs, 0.08 / apart, tilt_step / 16);
      }
      std::erase_if(all, [](const Candidate& candidate) { return candidate.score < 0.6; });
      thin_out(all, 0.2 / apart, tilt_step / 2, 60);
    }
    // The path says little about the tilt.
    const double reach = 0.03;
    const auto around = point_pairs(reach);
    if (around.size() < 32) return;
    const auto sample = std::span(around).first(std::min<size_t>(around.size(), 64));
    thin_out(all, 0.2 / reach, 1, 60);
    for (const Candidate& candidate : all) {
      Vector best{};
      double best_score = 0;
      Candidate turned = candidate;
      for (double tilt = -kMostTilt; tilt <= kMostTilt; tilt += 0.2 / reach / size) {
        turned.tilt = tilt;
        const Vector k = vector_of(turned, size);
        const double here = score(k, sample);
        if (here > best_score) {
          best_score = here;
          best = k;
        }
      }
      if (best_score < 0.35 || !refine(best, reach)) continue;
      if (std::abs(length(best) - size) > 1e-3 * size) continue;
      const bool known = std::any_of(found.begin(), found.end(), [&](const Vector& other) {
        return std::abs(dot(other, best)) > 0.999 * length(other) * length(best);
      });
      if (!known) found.push_back(best);
    }
  }

  // A vector of this length that lies nearly along the path. Its length says little about the small
  // rest across, which is searched in both directions.
  void search_along(double size, std::vector<Vector>& found) const {
    const double reach = 0.03;
    const auto around = point_pairs(reach);
    if (around.size() < 64) return;
    const auto sample = std::span(around).first(20);
    const auto more = std::span(around).first(64);
    const double step = 0.25 / reach;
    const double side = 0.05 * size;
    const double rise = kMostTilt * size;
    double best_score = 0.5;
    Vector best{};
    for (double a = -side; a <= side; a += step) {
      for (double b = -rise; b <= rise; b += step) {
        const double along = std::sqrt(size * size - a * a - b * b);
        Vector k{};
        for (size_t i = 0; i < 3; ++i) k[i] = along * along_[i] + a * level_[i] + b * up_[i];
        if (score(k, sample) < 0.4) continue;
        const double here = score(k, more);
        if (here > best_score) {
          best_score = here;
          best = k;
        }
      }
    }
    if (best_score <= 0.5 || !refine(best, reach)) return;
    if (std::abs(length(best) - size) < 1e-3 * size) found.push_back(best);
  }

  // A vector of this length at a right angle to another one, and nearly level.
  bool search_across(double size, const Vector& other, Vector& found) const {
    const double reach = 0.03;
    const auto around = point_pairs(reach);
    if (around.size() < 32) return false;
    const auto sample = std::span(around).first(std::min<size_t>(around.size(), 96));
    const Vector level = unit(cross({0, 0, 1}, other));
    const Vector up = unit(cross(other, level));
    double best_score = 0.35;
    for (double tilt = -kMostTilt; tilt <= kMostTilt; tilt += 0.15 / reach / size) {
      const auto [c, s] = cloud::unit_vector(tilt / kRound);
      Vector k{};
      for (size_t i = 0; i < 3; ++i) k[i] = size * (c * level[i] + s * up[i]);
      const double here = score(k, sample);
      if (here > best_score) {
        best_score = here;
        found = k;
      }
    }
    return best_score > 0.35 && refine(found, reach) &&
           std::abs(length(found) - size) < 1e-3 * size;
  }

  void climb_path(Candidate& candidate, double size, std::span<const Vector> pairs, double step,
                  double tilt_step) const {
    candidate.score = score(vector_of(candidate, size), pairs);
    for (int round = 0; round < 4; ++round) {
      const Candidate from = candidate;
      for (int n = 0; n < 9; ++n) {
        Candidate other = from;
        other.along += step * (n % 3 - 1);
        other.tilt += tilt_step * (n / 3 - 1);
        if (std::abs(other.tilt) > kMostTilt) continue;
        other.score = score(vector_of(other, size), pairs);
        if (other.score > candidate.score) candidate = other;
      }
      if (candidate.score == from.score) break;
    }
  }

  // Moves to better neighbours.
  static void climb(Vector& k, std::span<const Vector> pairs, std::initializer_list<double> steps) {
    double most = score(k, pairs);
    for (const double step : steps) {
      for (int round = 0; round < 4; ++round) {
        const Vector from = k;
        bool moved = false;
        for (int n = 0; n < 27; ++n) {
          const Vector other = {from[0] + step * (n % 3 - 1), from[1] + step * (n / 3 % 3 - 1),
                                from[2] + step * (n / 9 - 1)};
          const double here = score(other, pairs);
          if (here > most) {
            most = here;
            k = other;
            moved = true;
          }
        }
        if (!moved) break;
      }
    }
  }

  bool refine(Vector& k, double apart) const {
    double result = 0;
    for (; apart < 150; apart *= 1.5) {
      const auto pairs = apart < 0.3 ? point_pairs(apart) : far_pairs(apart);
      if (pairs.size() < 24) continue;
      const auto part = std::span(pairs).first(std::min<size_t>(pairs.size(), 160));
      climb(k, part, {0.35 / apart, 0.18 / apart, 0.09 / apart, 0.04 / apart});
      result = score(k, pairs);
      if (result < 0.6) return false;
    }
    return result > kSure;
  }

  double shift_of(const Vector& k) const {
    double c = 0;
    double s = 0;
    for (size_t i = 0; i < points_.size(); i += std::max<size_t>(1, points_.size() / 2000)) {
      const auto [dc, ds] = cloud::unit_vector(dot(k, points_[i]));
      c += dc;
      s += ds;
    }
    return -cloud::turns_of(c, s);
  }

  Vector along_{}, level_{}, up_{};  // the path's direction and two across
  std::span<const Vector> path_;
  std::span<const Vector> points_;
};

}  // namespace

std::optional<Lattice> find_lattice(std::span<const Vector> path, std::span<const Vector> points) {
  return Finder(path, points).find();
}

}  // namespace pith::cloudmix
