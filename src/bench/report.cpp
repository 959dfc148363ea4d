#include "bench/report.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace weft::bench {
namespace {

constexpr std::array<std::pair<const char*, double>, 5> kPercentiles{
    {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}}};

/// 950 ns, 12.3 µs, 4.56 ms, 1.20 s: three digits that mean something.
std::string duration(std::int64_t nanos) {
  const auto value = static_cast<double>(nanos);
  if (value < 1e3) return fmt::format("{} ns", nanos);
  if (value < 1e6) return fmt::format("{:.1f} µs", value / 1e3);
  if (value < 1e9) return fmt::format("{:.2f} ms", value / 1e6);
  return fmt::format("{:.2f} s", value / 1e9);
}

/// 1 234 567, as people read it.
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ' ');
  }
  return digits;
}

std::string plural(const std::string& unit) {
  return unit == "delivery" ? "deliveries" : unit + 's';
}

double per_connection(const Report& report, std::int64_t full, std::int64_t base) {
  const auto connections = static_cast<double>(report.connections);
  return connections > 0 ? static_cast<double>(full - base) / connections : 0;
}

double rss_each(const Report& report) {
  return per_connection(report, report.memory->full.rss, report.memory->base.rss);
}

double anon_each(const Report& report) {
  return per_connection(report, report.memory->full.anon, report.memory->base.anon);
}

double kernel_each(const Report& report) {
  return per_connection(report, report.memory->full.kernel, report.memory->base.kernel);
}

/// CPU of the server in microseconds for each connection and second that it was held.
double upkeep(const Report& report) {
  return report.seconds > 0 ? report.cpu_micros().value_or(0) / report.seconds : 0;
}

std::string faults(const Report& report) {
  return fmt::format("lost {}  out of order {}  refused {}", report.lost, report.out_of_order,
                     report.refused);
}

/// CPU of the server in a second of the run, as cores.
double cores(const Report& report) { return report.server_cpu.value_or(0) / report.seconds; }

std::string fact(const char* name, double value) {
  return fmt::format(",\"{}\":{:.6g}", name, value);
}
std::string fact(const char* name, std::uint64_t value) {
  return fmt::format(",\"{}\":{}", name, value);
}

std::string percentiles(const Histogram& latency) {
  std::string out;
  for (const auto& [name, percent] : kPercentiles) {
    out += fmt::format(" {} {} ", name, duration(latency.percentile(percent)));
  }
  return out;
}

/// A histogram as a JSON object, in microseconds; nothing when it is empty.
std::string latency_facts(const char* name, const Histogram& latency) {
  if (latency.count() == 0) return "";
  std::string out = fmt::format(",\"{}\":{{\"mean\":{:.1f}", name, latency.mean() / 1e3);
  for (const auto& [label, percent] : kPercentiles) {
    out += fmt::format(",\"{}\":{:.1f}", label,
                       static_cast<double>(latency.percentile(percent)) / 1e3);
  }
  return out + '}';
}

std::string memory_facts(const char* when, const Memory& memory) {
  return fmt::format(",\"{}\":{{\"rss\":{},\"pss\":{},\"anon\":{},\"kernel\":{}}}", when,
                     memory.rss, memory.pss, memory.anon, memory.kernel);
}

/// Text as a JSON string.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out += '"';
}

}  // namespace

std::optional<double> Report::cpu_micros() const {
  if (!server_cpu || count == 0) return std::nullopt;
  return *server_cpu * 1e6 / static_cast<double>(count);
}

double Report::flood_per_second() const {
  const double frame = static_cast<double>(size) + (size < 126 ? 2 : size < 65536 ? 4 : 10);
  return seconds > 0 ? static_cast<double>(flood_bytes) / frame / seconds : 0;
}

std::string to_text(const Report& report) {
  std::string out = fmt::format("{} connections opened in {:.2f} s\n", grouped(report.connections),
                                report.open_seconds);
  if (report.scenario == "churn")
    out = fmt::format("{} connections at a time\n", report.connections);
  if (report.memory) {
    const auto& [base, full, after] = *report.memory;
    out += fmt::format(
        "server memory   {:.0f} bytes per connection resident, {:.0f} of them anonymous\n",
        rss_each(report), anon_each(report));
    out += fmt::format("                {} KiB before, {} KiB with all, {} KiB after they left\n",
                       base.rss / 1024, full.rss / 1024, after.rss / 1024);
    out += fmt::format(
        "kernel memory   {:.0f} bytes per connection, both ends, as far as the machine tells\n",
        kernel_each(report));
    out += fmt::format("                {} KiB before, {} KiB with all, {} KiB after they left\n",
                       base.kernel / 1024, full.kernel / 1024, after.kernel / 1024);
  }
  if (report.latency.count() > 0) {
    out += fmt::format(
        "rate            {} {}/s for {:.1f} s{}\n",
        grouped(static_cast<std::uint64_t>(report.per_second())), plural(report.unit),
        report.seconds,
        report.rate > 0
            ? fmt::format(" ({} asked for)", grouped(static_cast<std::uint64_t>(report.rate)))
            : "");
    out += "latency        " + percentiles(report.latency);
    out += fmt::format("  ({})\n", report.latency_name);
  }
  if (report.delivery.count() > 0) {
    out += "               " + percentiles(report.delivery) + "  (publish to each delivery)\n";
  }
  if (report.scenario != "idle") out += fmt::format("faults          {}\n", faults(report));
  if (report.slow > 0) {
    out += fmt::format("slow readers    {}, of which the server closed {}\n", report.slow,
                       report.slow_closed);
  }
  if (report.flood > 0) {
    out += fmt::format("flood           {} connections, {} messages/s came back, {} closed\n",
                       report.flood, grouped(static_cast<std::uint64_t>(report.flood_per_second())),
                       report.flood_closed);
  }
  if (report.server_cpu && report.seconds > 0.5) {
    if (report.scenario != "idle") {
      out += fmt::format("server CPU      {:.2f} µs per {}, {:.2f} cores\n",
                         report.cpu_micros().value_or(0), report.unit, cores(report));
    } else {
      out += fmt::format(
          "server CPU      {:.3f} µs per connection and second, {} pings answered, "
          "{} connections lost\n",
          upkeep(report), grouped(report.pings), report.lost);
    }
  }
  return out + "In words: " + in_words(report) + '\n';
}

std::string to_json(const Report& report) {
  std::string out =
      fmt::format("{{\"scenario\":{},\"url\":{}", quoted(report.scenario), quoted(report.url));
  out += fact("connections", report.connections) + fact("size", report.size) +
         fact("inflight", report.inflight);
  out += fact("rate_asked", report.rate) + fact("seconds", report.seconds) +
         fact("count", report.count);
  out += fmt::format(",\"unit\":{}", quoted(report.unit)) + fact("per_second", report.per_second());
  out += fact("lost", report.lost) + fact("out_of_order", report.out_of_order) +
         fact("refused", report.refused);
  out += fact("open_seconds", report.open_seconds) + fact("load_cpu_seconds", report.load_cpu);
  if (report.slow) out += fact("slow", report.slow) + fact("slow_closed", report.slow_closed);
  if (report.flood) {
    out += fact("flood", report.flood) + fact("flood_closed", report.flood_closed) +
           fact("flood_per_second", report.flood_per_second());
  }
  if (report.server_cpu) out += fact("server_cpu_seconds", *report.server_cpu);
  if (const auto micros = report.cpu_micros()) out += fact("server_cpu_us", *micros);
  out +=
      latency_facts("latency_us", report.latency) + latency_facts("delivery_us", report.delivery);
  if (report.memory) {
    out += fact("rss_per_connection", rss_each(report)) +
           fact("anon_per_connection", anon_each(report)) +
           fact("kernel_per_connection", kernel_each(report)) + fact("pings", report.pings);
    if (report.seconds > 0.5) out += fact("cpu_us_per_connection_second", upkeep(report));
    out += memory_facts("base", report.memory->base) + memory_facts("full", report.memory->full) +
           memory_facts("after", report.memory->after);
  }
  return out + "}";
}

std::string in_words(const Report& report) {
  if (report.memory) {
    return fmt::format(
        "one idle connection takes {:.0f} bytes of the server's memory, so a million would take "
        "{:.1f} GiB (the kernel's part, some {:.1f} KB for both ends, comes on top).",
        rss_each(report), rss_each(report) * 1e6 / (1 << 30), kernel_each(report) / 1000);
  }
  const std::string rate = grouped(static_cast<std::uint64_t>(report.per_second()));
  const std::string p99 = duration(report.latency.percentile(99));
  std::string words =
      report.scenario == "fanout" ? fmt::format(
                                        "{} deliveries a second to {} subscribers, 99 of 100 "
                                        "publications were everywhere within {}",
                                        rate, grouped(report.connections), p99)
      : report.scenario == "churn"
          ? fmt::format("{} connections a second came and went", rate)
          : fmt::format("{} messages a second came back, 99 of 100 within {}", rate, p99);
  if (report.server_cpu) words += fmt::format(", for {:.2f} cores of the server", cores(report));
  if (report.lost > 0)
    words += fmt::format("; {} {} never arrived", grouped(report.lost), plural(report.unit));
  if (report.flood > 0) {
    words += fmt::format(", while {} connections flooded the server", report.flood);
  }
  if (report.slow > 0) words += fmt::format(", while {} of them did not read", report.slow);
  return words + '.';
}

}  // namespace weft::bench
