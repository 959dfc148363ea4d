#include "bench/process.hpp"

#include <time.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace weft::bench {
namespace {

namespace errc = boost::system::errc;
namespace fs = std::filesystem;

std::string read_file(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string in_proc(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + '/' + file;
}

/// Cuts the next word off the front of `text`; empty at the end of the line.
std::string_view next_word(std::string_view& text) {
  const std::size_t from = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(from);
  const std::string_view word = text.substr(0, text.find_first_of(" \t\n"));
  text.remove_prefix(word.size());
  return word;
}

template <class Number>
std::optional<Number> to_number(std::string_view digits, int base = 10) {
  Number value = 0;
  const auto [stop, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// The word that `skip` words follow behind the first `name` of `text`; empty where there is none.
std::string_view word_after(std::string_view text, std::string_view name, int skip = 0) {
  const std::size_t at = text.find(name);
  if (at == text.npos) return {};
  text.remove_prefix(at + name.size());
  for (; skip > 0; --skip) next_word(text);
  return next_word(text);
}

/// The fields of a stat line from the third on. The name, the second, may hold anything, blanks and
/// parentheses too: it ends at the last one.
std::string_view behind_the_name(std::string_view stat) {
  const std::size_t name_end = stat.rfind(')');
  return name_end == stat.npos ? std::string_view() : stat.substr(name_end + 1);
}

std::int64_t kernel_memory() {
  const std::string meminfo = read_file("/proc/meminfo");
  const auto pages = parse_tcp_pages(read_file("/proc/net/sockstat"));
  return parse_kilobytes(meminfo, "Slab").value_or(0) +
         parse_kilobytes(meminfo, "PageTables").value_or(0) +
         pages.value_or(0) * sysconf(_SC_PAGESIZE);
}

bool holds_socket(const fs::path& process, std::uint64_t inode) {
  const std::string wanted = "socket:[" + std::to_string(inode) + ']';
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(process / "fd", ignored)) {
    if (fs::read_symlink(entry, ignored) == wanted) return true;
  }
  return false;
}

}  // namespace

Result<std::uint64_t> parse_cpu_ticks(std::string_view stat) {
  stat = behind_the_name(stat);
  constexpr int kUserTime = 14, kSystemTime = 15;  // field numbers of proc(5); the name is 2
  std::uint64_t ticks = 0;
  for (int field = 3; field <= kSystemTime; ++field) {
    const std::string_view word = next_word(stat);
    if (field < kUserTime) continue;
    const auto value = to_number<std::uint64_t>(word);
    if (!value) return make_error_code(errc::bad_message);
    ticks += *value;
  }
  return ticks;
}

Result<pid_t> parse_parent(std::string_view stat) {
  stat = behind_the_name(stat);
  next_word(stat);  // the state
  const auto parent = to_number<pid_t>(next_word(stat));
  if (!parent) return make_error_code(errc::bad_message);
  return *parent;
}

std::optional<std::int64_t> parse_tcp_pages(std::string_view sockstat) {
  const std::size_t line = sockstat.find("TCP:");
  if (line == sockstat.npos) return std::nullopt;
  return to_number<std::int64_t>(word_after(sockstat.substr(line), " mem"));
}

std::optional<std::int64_t> parse_kilobytes(std::string_view text, std::string_view name) {
  for (std::size_t at = 0; at < text.size();) {
    std::string_view line = text.substr(at, text.find('\n', at) - at);
    at += line.size() + 1;
    if (!line.starts_with(name) || line.substr(name.size(), 1) != ":") continue;
    line.remove_prefix(name.size() + 1);
    const auto kilobytes = to_number<std::int64_t>(next_word(line));
    if (!kilobytes || next_word(line) != "kB") return std::nullopt;
    return *kilobytes * 1024;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_listening_inode(std::string_view table, std::uint16_t port) {
  // sl: local_address:PORT remote:PORT st tx:rx tr:when retrnsmt uid timeout inode
  constexpr std::string_view kListening = "0A";
  for (std::size_t at = 0; at < table.size();) {
    std::string_view line = table.substr(at, table.find('\n', at) - at);
    at += line.size() + 1;
    next_word(line);
    const std::string_view local = next_word(line);
    next_word(line);
    if (next_word(line) != kListening) continue;
    if (to_number<std::uint16_t>(local.substr(local.rfind(':') + 1), 16) != port) continue;
    for (int i = 0; i < 5; ++i) next_word(line);
    return to_number<std::uint64_t>(next_word(line));
  }
  return std::nullopt;
}

Result<double> cpu_seconds(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (pid > 0 && clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0) {
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
  }
  const std::string stat = read_file(in_proc(pid, "stat"));
  if (stat.empty()) return make_error_code(errc::no_such_process);
  const Result<std::uint64_t> ticks = parse_cpu_ticks(stat);
  if (!ticks) return ticks.error();
  return static_cast<double>(*ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Result<double> cpu_seconds(const Pids& pids) {
  double sum = 0;
  for (const pid_t pid : pids) {
    const Result<double> used = cpu_seconds(pid);
    if (!used) return used.error();
    sum += *used;
  }
  return sum;
}

Result<Memory> memory_of(pid_t pid) {
  const std::string status = read_file(in_proc(pid, "status"));
  const auto rss = parse_kilobytes(status, "VmRSS");
  if (!rss) return make_error_code(errc::no_such_process);
  const std::string rollup =
      read_file(in_proc(pid, "smaps_rollup"));  // empty for other users' processes
  return Memory{.rss = parse_kilobytes(rollup, "Rss").value_or(*rss),
                .pss = parse_kilobytes(rollup, "Pss").value_or(0),
                .anon = parse_kilobytes(rollup, "Anonymous")
                            .value_or(parse_kilobytes(status, "RssAnon").value_or(0))};
}

Result<Memory> memory_of(const Pids& pids) {
  Memory sum;
  for (const pid_t pid : pids) {
    const Result<Memory> one = memory_of(pid);
    if (!one) return one.error();
    sum.rss += one->rss, sum.pss += one->pss, sum.anon += one->anon;
  }
  sum.kernel = kernel_memory();
  return sum;
}

Pids tree_of(pid_t root) {
  std::vector<std::pair<pid_t, pid_t>> parents;  // of all processes: (parent, child)
  std::error_code ignored;
  for (const auto& process : fs::directory_iterator("/proc", ignored)) {
    const auto pid = to_number<pid_t>(process.path().filename().native());
    if (!pid) continue;
    if (const auto parent = parse_parent(read_file(in_proc(*pid, "stat")))) {
      parents.emplace_back(*parent, *pid);
    }
  }
  Pids tree{root};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    for (const auto& [parent, child] : parents) {
      if (parent == tree[i]) tree.push_back(child);
    }
  }
  return tree;
}

std::optional<std::uint64_t> file_limit(pid_t pid) {
  return to_number<std::uint64_t>(word_after(read_file(in_proc(pid, "limits")), "Max open files"));
}

std::optional<pid_t> listening_process(std::uint16_t port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const auto inode = parse_listening_inode(read_file(table), port);
    if (!inode) continue;
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator("/proc", ignored)) {
      const auto pid = to_number<pid_t>(process.path().filename().native());
      if (pid && holds_socket(process.path(), *inode)) return pid;
    }
  }
  return std::nullopt;
}

}  // namespace weft::bench
