#include "app/config_source.hpp"

#include <yaml-cpp/yaml.h>

#include "app/config_file.hpp"

namespace weft {

Expansion expand_variables(std::string_view text,
                           const std::map<std::string, std::string>& environment) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("$$")) {
      out += '$';
      i += 2;
    } else if (text.substr(i).starts_with("${")) {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos) return {"", "${ without its }"};
      const std::string_view inside = text.substr(i + 2, end - i - 2);
      const std::size_t dash = inside.find(":-");
      const std::string name(inside.substr(0, dash));
      if (name.empty()) return {"", "${} names no variable"};
      const auto found = environment.find(name);
      const bool set =
          found != environment.end() && !(found->second.empty() && dash != inside.npos);
      if (set)
        out += found->second;
      else if (dash != std::string_view::npos)
        out += inside.substr(dash + 2);
      else
        return {"", "the environment has no " + name};
      i = end + 1;
    } else {
      out += text[i++];
    }
  }
  return {std::move(out), ""};
}

void ConfigSource::error(const YAML::Node& node, const std::string& key, std::string message,
                         std::string hint) const {
  const YAML::Mark mark = node.Mark();
  const bool in_file = kind == Origin::Kind::file && mark.line >= 0;
  out.findings.push_back({Finding::Severity::error, where, in_file ? mark.line + 1 : 0,
                          in_file ? mark.column + 1 : 0, std::move(message), std::move(hint)});
  out.broken.insert(key);
}

void ConfigSource::note(const std::string& key, const YAML::Node& node) const {
  const YAML::Mark mark = node.Mark();
  const bool in_file = kind == Origin::Kind::file;
  out.origins[key] = {kind, where, in_file ? mark.line + 1 : 0, in_file ? mark.column + 1 : 0};
}

std::optional<std::string> ConfigSource::expanded(const std::string& key,
                                                  const YAML::Node& node) const {
  Expansion result = expand_variables(node.Scalar(), environment);
  if (result.error.empty()) return std::move(result.text);
  error(node, key, key + ": " + result.error,
        "set it, or write a default:  ${NAME:-default}   ($$ stands for one $)");
  return std::nullopt;
}

void ConfigSource::begin_in(const std::filesystem::path& folder, std::string& path) {
  if (path.empty() || path.front() == '/' || folder.empty()) return;
  path = (folder / path).lexically_normal().string();
}

std::string leaf_of(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  return std::string(dot == std::string_view::npos ? key : key.substr(dot + 1));
}

std::string join_key(const std::string& prefix, const std::string& name) {
  return prefix.empty() || name.starts_with('[') ? prefix + name : prefix + "." + name;
}

std::string as_written(const Option& option) {
  return leaf_of(without_shorthand(option.key)) + ": " + option.example;
}

std::string allowed(const Option& option) { return "allowed: " + describe_range(option); }

}  // namespace weft
