#include "base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace weft::log {
namespace {

constexpr const char* kTextPattern = "%H:%M:%S.%e %^%-5l%$ %v";

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool as_json = false;  // set once by open(), before other threads run

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> made = [] {
    auto console = std::make_shared<spdlog::logger>(
        "weft", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    console->set_pattern(kTextPattern);
    return console;
  }();
  return *made;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04x}", byte);
    else
      out += c;
  }
  return out += '"';
}

}  // namespace

void open(const std::string& file, Level level, bool json) {
  if (!file.empty()) logger().sinks() = {std::make_shared<spdlog::sinks::basic_file_sink_mt>(file)};
  as_json = json;
  logger().set_pattern(json
                           ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",\"level\":\"%l\",\"message\":%v}"
                           : kTextPattern);
  logger().flush_on(spdlog::level::info);
  set_level(level);
}

void set_level(Level level) { logger().set_level(to_spdlog(level)); }

bool is_on(Level level) { return logger().should_log(to_spdlog(level)); }

void write(Level level, std::string_view line) {
  const std::string safe = as_json ? json_string(line) : escape(line);
  logger().log(to_spdlog(level), spdlog::string_view_t(safe.data(), safe.size()));
}

bool Limiter::pass(std::chrono::steady_clock::time_point now) {
  if (now < next_) {
    ++held_;
    return false;
  }
  next_ = now + period_;
  suppressed_ = std::exchange(held_, 0);
  return true;
}

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

}  // namespace weft::log
