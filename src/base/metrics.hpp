// Counters, gauges and histograms that one loop writes and a scrape sums. A write is a plain add on
// memory that only its loop writes: no lock, no locked instruction. Names follow Prometheus.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace weft::metrics {

/// Only its owner's thread may add; any thread may read.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down. Only its owner's thread may write.
class Gauge {
 public:
  void add(std::int64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Seconds in buckets of 0.1 ms × 2^n up to 3.3 s, for latencies and lags.
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 16;
  /// `times`: so many of the same.
  void observe(std::chrono::nanoseconds time, std::uint64_t times = 1) {
    const auto nanos = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
    const auto bucket =
        static_cast<std::size_t>(std::bit_width((nanos + kFirst - 1) / kFirst - (nanos > 0)));
    counts_[std::min(bucket, kBuckets)].add(times);
    nanos_.add(nanos * times);
  }
  void observe(double seconds) {
    observe(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
  }
  static double upper_bound(std::size_t bucket);  ///< seconds
  std::uint64_t count(std::size_t bucket) const { return counts_[bucket].value(); }
  double sum() const { return static_cast<double>(nanos_.value()) * 1e-9; }

 private:
  static constexpr std::uint64_t kFirst = 100'000;  // nanoseconds
  std::array<Counter, kBuckets + 1> counts_;        // the last one is +Inf
  Counter nanos_;
};

/// Where every loop registers what it counts. Series with one name and one label set are summed.
/// Registration may lock; it belongs to start-up and to rare events (a new topic), not to messages.
class Registry {
 public:
  /// `labels` as Prometheus writes them, without braces: `reason="slow"`. References live as long
  /// as the registry.
  Counter& counter(std::string_view name, std::string_view help, std::string_view labels = "");
  Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = "");
  Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels = "");

  /// The whole of /metrics: Prometheus text format 0.0.4.
  std::string prometheus() const;
  /// The same as OpenMetrics 1.0 text.
  std::string openmetrics() const;
  /// Every series as name{labels}, and for names with several the sum as name. Histograms give
  /// name_count and name_sum.
  std::map<std::string, double> values() const;

  /// Sum over all series of a counter or gauge, or over those with exactly `labels`; 0 for an
  /// unknown name.
  std::int64_t total(std::string_view name, std::string_view labels = "") const;

 private:
  enum class Kind { counter, gauge, histogram };
  struct Series {
    Kind kind;
    std::string name, help, labels;
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Histogram> histogram;
  };
  std::string text(bool openmetrics) const;
  /// By name, then by labels.
  using Families = std::map<std::string, std::map<std::string, std::vector<const Series*>>>;
  Families families() const;
  static std::string samples(const std::string& name, const std::string& labels,
                             const std::vector<const Series*>& same);
  static std::int64_t sum(const std::vector<const Series*>& same);
  Series& add(Kind kind, std::string_view name, std::string_view help, std::string_view labels);

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Series>> series_;
};

/// `text` with backslash, quote and newline escaped for a Prometheus label value.
std::string escape_label(std::string_view text);

}  // namespace weft::metrics
