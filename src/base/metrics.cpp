#include "base/metrics.hpp"

#include <fmt/format.h>

namespace weft::metrics {
namespace {

constexpr std::string_view kTotal = "_total";

std::string braces(std::string_view labels, std::string_view more = "") {
  if (labels.empty() && more.empty()) return "";
  return fmt::format("{{{}{}{}}}", labels, labels.empty() || more.empty() ? "" : ",", more);
}

}  // namespace

double Histogram::upper_bound(std::size_t bucket) {
  return 0.0001 * static_cast<double>(1u << bucket);
}

Registry::Series& Registry::add(Kind kind, std::string_view name, std::string_view help,
                                std::string_view labels) {
  const std::lock_guard lock(mutex_);
  return *series_.emplace_back(
      new Series{kind, std::string(name), std::string(help), std::string(labels), {}, {}, {}});
}

Counter& Registry::counter(std::string_view name, std::string_view help, std::string_view labels) {
  Series& series = add(Kind::counter, name, help, labels);
  const std::lock_guard lock(mutex_);
  return *(series.counter = std::make_unique<Counter>());
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, std::string_view labels) {
  Series& series = add(Kind::gauge, name, help, labels);
  const std::lock_guard lock(mutex_);
  return *(series.gauge = std::make_unique<Gauge>());
}

Histogram& Registry::histogram(std::string_view name, std::string_view help,
                               std::string_view labels) {
  Series& series = add(Kind::histogram, name, help, labels);
  const std::lock_guard lock(mutex_);
  return *(series.histogram = std::make_unique<Histogram>());
}

Registry::Families Registry::families() const {
  Families all;
  for (const auto& series : series_) all[series->name][series->labels].push_back(series.get());
  return all;
}

std::int64_t Registry::sum(const std::vector<const Series*>& same) {
  std::int64_t value = 0;
  for (const Series* series : same) {
    if (series->counter) value += static_cast<std::int64_t>(series->counter->value());
    if (series->gauge) value += series->gauge->value();
  }
  return value;
}

std::string Registry::samples(const std::string& name, const std::string& labels,
                              const std::vector<const Series*>& same) {
  if (same.front()->kind != Kind::histogram)
    return fmt::format("{}{} {}\n", name, braces(labels), sum(same));
  std::string out;
  std::uint64_t count = 0;
  double total = 0;
  for (std::size_t bucket = 0; bucket <= Histogram::kBuckets; ++bucket) {
    for (const Series* series : same)
      if (series->histogram) count += series->histogram->count(bucket);
    const std::string le =
        bucket == Histogram::kBuckets ? "+Inf" : fmt::format("{}", Histogram::upper_bound(bucket));
    out +=
        fmt::format("{}_bucket{} {}\n", name, braces(labels, fmt::format("le=\"{}\"", le)), count);
  }
  for (const Series* series : same)
    if (series->histogram) total += series->histogram->sum();
  return out +
         fmt::format("{0}_sum{1} {2}\n{0}_count{1} {3}\n", name, braces(labels), total, count);
}

// OpenMetrics names the family of a counter without the _total of its samples, and says where it
// ends.
std::string Registry::text(bool openmetrics) const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, by_labels] : families()) {
    constexpr std::string_view kNames[] = {"counter", "gauge", "histogram"};
    const Series& first = *by_labels.begin()->second.front();
    std::string_view family = name;
    if (openmetrics && first.kind == Kind::counter && family.ends_with(kTotal))
      family.remove_suffix(kTotal.size());
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family, first.help, family,
                       kNames[static_cast<int>(first.kind)]);
    for (const auto& [labels, same] : by_labels) out += samples(name, labels, same);
  }
  return openmetrics ? out + "# EOF\n" : out;
}

std::string Registry::prometheus() const { return text(false); }
std::string Registry::openmetrics() const { return text(true); }

std::map<std::string, double> Registry::values() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, double> all;
  for (const auto& [name, by_labels] : families())
    for (const auto& [labels, same] : by_labels) {
      if (same.front()->kind != Kind::histogram) {
        const auto value = static_cast<double>(sum(same));
        all[name] += value;
        if (!labels.empty()) all[name + braces(labels)] = value;
        continue;
      }
      for (const Series* series : same) {
        if (!series->histogram) continue;
        for (std::size_t bucket = 0; bucket <= Histogram::kBuckets; ++bucket)
          all[name + "_count"] += static_cast<double>(series->histogram->count(bucket));
        all[name + "_sum"] += series->histogram->sum();
      }
    }
  return all;
}

std::int64_t Registry::total(std::string_view name, std::string_view labels) const {
  const std::lock_guard lock(mutex_);
  std::int64_t value = 0;
  for (const auto& series : series_) {
    if (series->name != name || (!labels.empty() && series->labels != labels)) continue;
    if (series->counter) value += static_cast<std::int64_t>(series->counter->value());
    if (series->gauge) value += series->gauge->value();
  }
  return value;
}

std::string escape_label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\\' || c == '"')
      out += {'\\', c};
    else
      out += c;
  }
  return out;
}

}  // namespace weft::metrics
