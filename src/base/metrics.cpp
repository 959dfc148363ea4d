#include "base/metrics.hpp"

#include <fmt/format.h>

#include <map>

namespace weft::metrics {
namespace {

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

std::string Registry::prometheus() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::vector<const Series*>> families;
  for (const auto& series : series_) families[series->name].push_back(series.get());
  std::string out;
  for (const auto& [name, all] : families) {
    constexpr std::string_view kNames[] = {"counter", "gauge", "histogram"};
    const Kind kind = all.front()->kind;
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, all.front()->help, name,
                       kNames[int(kind)]);
    std::map<std::string, std::vector<const Series*>> by_labels;
    for (const Series* series : all) by_labels[series->labels].push_back(series);
    for (const auto& [labels, same] : by_labels) {
      if (kind == Kind::histogram) {
        std::uint64_t count = 0;
        double sum = 0;
        for (std::size_t bucket = 0; bucket <= Histogram::kBuckets; ++bucket) {
          for (const Series* series : same)
            if (series->histogram) count += series->histogram->count(bucket);
          const std::string le = bucket == Histogram::kBuckets
                                     ? "+Inf"
                                     : fmt::format("{}", Histogram::upper_bound(bucket));
          out += fmt::format("{}_bucket{} {}\n", name, braces(labels, fmt::format("le=\"{}\"", le)),
                             count);
        }
        for (const Series* series : same)
          if (series->histogram) sum += series->histogram->sum();
        out += fmt::format("{0}_sum{1} {2}\n{0}_count{1} {3}\n", name, braces(labels), sum, count);
      } else {
        std::int64_t value = 0;
        for (const Series* series : same) {
          if (series->counter) value += static_cast<std::int64_t>(series->counter->value());
          if (series->gauge) value += series->gauge->value();
        }
        out += fmt::format("{}{} {}\n", name, braces(labels), value);
      }
    }
  }
  return out;
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
