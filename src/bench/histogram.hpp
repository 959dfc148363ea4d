// Histogram: latencies in logarithmic buckets, so that a percentile of millions of values costs 58
// KiB and is right within 0.8 %. Pure values; nobody reads a clock here.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace weft::bench {

class Histogram {
 public:
  Histogram();

  /// Counts one value; negative ones count as 0.
  void record(std::int64_t nanos);

  /// The value that `percent` (0 to 100) of the recorded values do not exceed: the upper end of its
  /// bucket, but never more than the greatest recorded. 0 when nothing was recorded.
  std::int64_t percentile(double percent) const;

  std::uint64_t count() const { return count_; }
  std::int64_t max() const { return max_; }
  double mean() const { return count_ ? sum_ / static_cast<double>(count_) : 0; }

 private:
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace weft::bench
