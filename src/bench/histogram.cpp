#include "bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weft::bench {
namespace {

// Values below 128 have a bucket each; above, each power of two is split into 128 equal buckets:
//   index = (power of two above 2^7) * 128 + (the seven bits after the leading one)
constexpr std::size_t kBits = 7;
constexpr std::uint64_t kPerPower = 1u << kBits;
constexpr std::size_t kBuckets = (64 - kBits) * kPerPower;

std::size_t bucket_of(std::uint64_t value) {
  if (value < kPerPower) return value;
  const std::size_t shift = std::bit_width(value) - 1u - kBits;
  return shift * kPerPower + (value >> shift);
}

std::uint64_t last_value_of(std::size_t bucket) {
  if (bucket < 2 * kPerPower) return bucket;
  const std::size_t shift = bucket / kPerPower - 1;
  return ((bucket - shift * kPerPower + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : buckets_(kBuckets) {}

void Histogram::record(std::int64_t nanos) {
  const std::int64_t value = std::max<std::int64_t>(nanos, 0);
  ++buckets_[bucket_of(static_cast<std::uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

std::int64_t Histogram::percentile(double percent) const {
  const auto wanted =
      static_cast<std::uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted && seen > 0) {
      return std::min(static_cast<std::int64_t>(last_value_of(bucket)), max_);
    }
  }
  return max_;
}

}  // namespace weft::bench
