#include "app/compat.hpp"

#include <algorithm>

namespace weft::compat {
namespace {

std::string without_indexes(std::string_view key) {
  std::string plain;
  bool inside = false;
  for (const char c : key) {
    if (c == '[') inside = true;
    if (!inside) plain += c;
    if (c == ']') inside = false;
  }
  return plain;
}

const Row* exact(std::span<const Row> rows, std::string_view key) {
  const auto found = std::ranges::find(rows, key, &Row::key);
  return found == rows.end() ? nullptr : &*found;
}

const Row* exact(std::string_view key) {
  for (const std::string_view prefix : {"config.", "wsServer.setting."})
    if (key.starts_with(prefix)) return exact(swoole_rows(), key.substr(prefix.size()));
  if (const Row* row = exact(bundle_rows(), key)) return row;
  return exact(cluster_rows(), key);
}

std::string here(const Row& row) {
  switch (row.take) {
    case Take::ignored:
    case Take::flag_ignored:
      return "nothing, with a warning: " + std::string(row.says);
    case Take::accepted:
      if (row.allowed.empty()) return "an error: " + std::string(row.says);
      return "`" + std::string(row.allowed) + "` as it is; else an error: " + std::string(row.says);
    case Take::protocol:
      return "`websocket` or `ws`, nothing to choose; " + std::string(row.says);
    case Take::host:
    case Take::port:
      return "with its neighbour `listen.clients`";
    case Take::debug:
      return "`log.level: debug`";
    default:
      break;
  }
  std::string text = "`" + std::string(row.ours) + "`";
  if (row.take == Take::seconds) text += ", in seconds";
  if (row.take == Take::twice) text += ", twice as many seconds";
  if (row.take == Take::plus_one) text += ", one more";
  if (row.take == Take::redis) text += ", and engine redis";
  if (!row.yields_to.empty()) text += ", unless " + std::string(row.yields_to) + " says it";
  return text;
}

/// The keys below a section with what each is here.
std::optional<std::string> explain_section(std::string_view key, std::string_view plain) {
  std::string out;
  const auto add = [&](std::span<const Row> rows, const std::string& prefix) {
    for (const Row& row : rows) {
      const std::string name = prefix + std::string(row.key);
      if (plain == kBundleRoot || name.starts_with(std::string(plain) + "."))
        out += "  " + name + ": " + here(row) + "\n";
    }
  };
  add(bundle_rows(), "");
  if (plain != kBundleRoot) add(cluster_rows(), "");
  if (plain == "wsServer" || plain == "wsServer.setting") add(swoole_rows(), "wsServer.setting.");
  if (plain == "config" || plain == kBundleRoot) add(swoole_rows(), "config.");
  if (out.empty()) return std::nullopt;
  return std::string(key) + "\n  of the PHP libraries' configuration\n\n" + out;
}

std::string table(std::span<const Row> rows, const std::string& prefix) {
  std::string out = "| key | here |\n|---|---|\n";
  for (const Row& row : rows)
    out += "| `" + prefix + std::string(row.key) + "` | " + here(row) + " |\n";
  return out;
}

}  // namespace

std::vector<std::string> roots() {
  return {std::string(kBundleRoot),
          "server",
          "adapter",
          "converters",
          "extractors",
          "config",
          "websocket",
          "websocket.cluster.manager",
          "websocket.cluster.state",
          "websocket.cluster.serializer",
          "queue.manager",
          "queue.driver",
          "wsServer",
          "wsRouter",
          "wsDispatcher",
          "wsMsgDispatcher",
          "wsConnectionManager",
          "wsConnection",
          "wsRequest",
          "wsResponse"};
}

bool is_root(std::string_view name) {
  const std::vector<std::string> all = roots();
  return std::ranges::find(all, name) != all.end();
}

const Row* find_row(std::string_view key) {
  const std::string plain = without_indexes(key);
  if (const Row* row = exact(plain)) return row;
  for (std::size_t dot = plain.rfind('.'); dot != std::string::npos && dot > 0;
       dot = plain.rfind('.', dot - 1)) {
    const Row* row = exact(std::string_view(plain).substr(0, dot));
    if (row) return row->take == Take::ignored ? row : nullptr;  // only those speak for a subtree
  }
  return nullptr;
}

std::optional<std::string> explain(std::string_view key) {
  std::string_view plain = key;
  std::string root(kBundleRoot);
  root += '.';
  if (plain.starts_with(root)) plain.remove_prefix(root.size());
  const Row* row = find_row(plain);
  if (!row) return explain_section(key, plain);
  return std::string(key) + "\n  of the PHP libraries' configuration; here: " + here(*row) + "\n";
}

bool is_php_name(std::string_view text) {
  return text.find('\\') != std::string_view::npos || text.ends_with("::class") ||
         text.starts_with('@') || text.starts_with("codememory.") || text.starts_with("App.");
}

std::string markdown() {
  return "### The bundle's tree\n\n" + table(bundle_rows(), "") + "\n### The cluster's beans\n\n" +
         table(cluster_rows(), "") +
         "\n### Swoole's options\n\nBelow `config` (the bundle) or `wsServer.setting` "
         "(Swoft).\n\n" +
         table(swoole_rows(), "");
}

}  // namespace weft::compat
