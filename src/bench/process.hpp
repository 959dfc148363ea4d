// What the kernel says about the server under test: CPU and memory of a process, and which process
// listens on a port. Parsing is pure; only the functions that take a pid or a port open files in
// /proc.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "weft/result.hpp"

namespace weft::bench {

/// User memory, in bytes. Kernel memory of sockets is in none of these.
struct Memory {
  std::int64_t rss = 0;   ///< all resident pages, shared libraries too
  std::int64_t pss = 0;   ///< shared pages divided by their users; 0 where the kernel does not tell
  std::int64_t anon = 0;  ///< heap, stacks and other pages that no file backs
};

/// User plus system time in clock ticks, from the text of /proc/PID/stat. Errors: bad_message.
Result<std::uint64_t> parse_cpu_ticks(std::string_view stat);

/// A `Name:   123 kB` line of /proc/PID/status or smaps_rollup, in bytes.
std::optional<std::int64_t> parse_kilobytes(std::string_view text, std::string_view name);

/// The inode of the socket that listens on `port`, from the text of /proc/net/tcp or tcp6.
std::optional<std::uint64_t> parse_listening_inode(std::string_view table, std::uint16_t port);

/// CPU that the process has used since it began, all threads, user plus system, in seconds.
/// Errors: no_such_process, bad_message.
Result<double> cpu_seconds(pid_t pid);

/// Errors: no_such_process.
Result<Memory> memory_of(pid_t pid);

/// The process that listens on `port` of this machine, as far as we may look into it.
std::optional<pid_t> listening_process(std::uint16_t port);

}  // namespace weft::bench
