// What the kernel says about the server under test: CPU and memory of its processes, which process
// listens on a port, and what the sockets of the machine cost. Parsing is pure; only functions that
// take no text open files in /proc.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "weft/result.hpp"

namespace weft::bench {

using Pids = std::vector<pid_t>;

/// In bytes.
struct Memory {
  std::int64_t rss = 0;   ///< all resident pages, shared libraries too
  std::int64_t pss = 0;   ///< shared pages divided by their users; 0 where the kernel does not tell
  std::int64_t anon = 0;  ///< heap, stacks and other pages that no file backs
  /// Slab, socket buffers and page tables of the whole machine: the load's end of each connection
  /// is in it too, and whatever else the machine does.
  std::int64_t kernel = 0;
};

/// User plus system time in clock ticks, from the text of /proc/PID/stat. Errors: bad_message.
Result<std::uint64_t> parse_cpu_ticks(std::string_view stat);

/// The parent of a process, from the text of its /proc/PID/stat. Errors: bad_message.
Result<pid_t> parse_parent(std::string_view stat);

/// The pages behind `mem` in the TCP line of /proc/net/sockstat.
std::optional<std::int64_t> parse_tcp_pages(std::string_view sockstat);

/// A `Name:   123 kB` line of /proc/PID/status or smaps_rollup, in bytes.
std::optional<std::int64_t> parse_kilobytes(std::string_view text, std::string_view name);

/// The inode of the socket that listens on `port`, from the text of /proc/net/tcp or tcp6.
std::optional<std::uint64_t> parse_listening_inode(std::string_view table, std::uint16_t port);

/// CPU that the process has used since it began, all threads (those that ended too), user plus
/// system, in seconds: from its CPU clock, which counts nanoseconds, else from the ticks of its
/// stat. Errors: no_such_process, bad_message.
Result<double> cpu_seconds(pid_t pid);
/// The sum. Errors: those of the first that fails.
Result<double> cpu_seconds(const Pids& pids);

/// User memory; `kernel` stays 0. Errors: no_such_process.
Result<Memory> memory_of(pid_t pid);
/// The sums (shared pages count for each process that has them, except in `pss`), and `kernel`.
Result<Memory> memory_of(const Pids& pids);

/// `root`, its children, theirs, and so on.
Pids tree_of(pid_t root);

/// Files that the process may have open at a time; nullopt where that is not to be seen.
std::optional<std::uint64_t> file_limit(pid_t pid);

/// The process that listens on `port` of this machine, as far as we may look into it.
std::optional<pid_t> listening_process(std::uint16_t port);

}  // namespace weft::bench
