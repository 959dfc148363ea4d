#include "script/reporter.hpp"

#include <algorithm>
#include <charconv>

namespace weft::script {

Place place_in(std::string_view message) {
  for (std::size_t colon = message.find(':'); colon != message.npos;
       colon = message.find(':', colon + 1)) {
    int line = 0;
    const char* end = message.data() + message.size();
    const auto [stop, error] = std::from_chars(message.data() + colon + 1, end, line);
    if (error != std::errc{} || stop == end || *stop != ':' || line <= 0) continue;
    std::string_view what = message.substr(static_cast<std::size_t>(stop + 1 - message.data()));
    if (what.starts_with(' ')) what.remove_prefix(1);
    return {message.substr(0, colon), line, what};
  }
  return {{}, 0, message};
}

std::vector<std::string> code_frame(std::string_view source, int line) {
  std::vector<std::string> frame;
  bool found = false;
  for (int number = 1; !source.empty() && number <= line + 1; ++number) {
    const std::size_t end = std::min(source.find('\n'), source.size());
    if (number >= line - 1) {
      frame.push_back(fmt::format("{} {:>5} | {}", number == line ? '>' : ' ', number,
                                  source.substr(0, std::min<std::size_t>(end, 160))));
      found |= number == line;
    }
    source.remove_prefix(std::min(end + 1, source.size()));
  }
  return found ? frame : std::vector<std::string>();
}

void Reporter::error(const Loaded& script, std::string_view message,
                     std::string_view what_follows) {
  const Place place = place_in(message);
  std::string key = place.line ? fmt::format("{}:{}", place.file, place.line)
                               : std::string(message.substr(0, 200));
  if (places_.size() > kMaxPlaces) places_.clear();
  log::Limiter& limiter =
      places_.try_emplace(std::move(key), std::chrono::seconds(60)).first->second;
  if (!limiter.pass(std::chrono::steady_clock::now())) return;

  const SourceFile* file = script.file_of(place.file);
  if (file)
    log::error("{}:{}: {}", file->path, place.line, place.what);
  else
    log::error("{}: {}", script.config().file, message);
  if (std::string content; file) {
    try {
      SourceFile::read(file->path, content);
      for (const std::string& row : code_frame(content, place.line)) log::error("  {}", row);
    } catch (const ScriptError&) {  // the file has gone since: then without its lines
    }
  }
  if (limiter.suppressed())
    log::error("  the same happened {} more times in the last minute", limiter.suppressed());
  if (!what_follows.empty()) log::error("  {}", what_follows);
}

}  // namespace weft::script
