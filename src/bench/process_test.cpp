#include "bench/process.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::bench {
namespace {

TEST(ProcessTest, AddsUserAndSystemTimeBehindANameWithParentheses) {
  const auto ticks =
      parse_cpu_ticks("7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 150 25 9 9 20 0 1 0 5 6 7\n");
  EXPECT_EQ(ticks.value(), 175u);
}

TEST(ProcessTest, RefusesAStatLineThatEndsEarly) {
  EXPECT_FALSE(parse_cpu_ticks("7 (weft) S 1 7 7 0 -1 4194560 1 0 0 0 150"));
  EXPECT_FALSE(parse_cpu_ticks(""));
}

TEST(ProcessTest, ReadsTheParentOfAProcess) {
  EXPECT_EQ(parse_parent("7 (a) b (c) S 42 7 7 0 -1\n").value(), 42);
  EXPECT_FALSE(parse_parent("7 (weft"));
}

TEST(ProcessTest, ReadsThePagesOfTcpAndNoOthers) {
  constexpr std::string_view kSockstat =
      "sockets: used 9\nTCP: inuse 5 orphan 0 tw 4 alloc 7 mem 31\nUDP: inuse 2 mem 8\n";
  EXPECT_EQ(parse_tcp_pages(kSockstat), 31);
  EXPECT_EQ(parse_tcp_pages("UDP: inuse 2 mem 8\n"), std::nullopt);
}

TEST(ProcessTest, ReadsAMemoryLineByItsWholeName) {
  constexpr std::string_view kStatus =
      "Name:\tweft\nVmRSSx:\t 1 kB\nVmRSS:\t    5120 kB\nThreads:\t2\n";
  EXPECT_EQ(parse_kilobytes(kStatus, "VmRSS"), 5120 * 1024);
  EXPECT_EQ(parse_kilobytes(kStatus, "RssAnon"), std::nullopt);
  EXPECT_EQ(parse_kilobytes(kStatus, "Threads"), std::nullopt)
      << "that one is no number of kilobytes";
}

// Port 0x1A86 = 6790: first an open connection of it (state 01), then the listener (0A).
constexpr std::string_view kTable =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1A86 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 "
    "111 1 0\n"
    "   1: 0100007F:1A86 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "4242 1 0\n";

TEST(ProcessTest, FindsTheListenerAmongConnectionsOfThePort) {
  EXPECT_EQ(parse_listening_inode(kTable, 6790), 4242u);
  EXPECT_EQ(parse_listening_inode(kTable, 6789), std::nullopt);
}

TEST(ProcessTest, SeesItsOwnCpuAndMemory) {
  EXPECT_GE(cpu_seconds(getpid()).value(), 0);
  const Memory memory = memory_of(getpid()).value();
  EXPECT_GT(memory.rss, 0);
  EXPECT_GE(memory.rss, memory.anon);
}

TEST(ProcessTest, CountsCpuMoreExactlyThanTicks) {
  const double before = cpu_seconds(getpid()).value();
  volatile unsigned work = 0;
  for (unsigned i = 0; i < 100'000; ++i) work = work + i;
  EXPECT_GT(cpu_seconds(getpid()).value(), before);
}

TEST(ProcessTest, AddsUpSeveralProcesses) {
  const Memory one = memory_of(getpid()).value();
  const Memory two = memory_of(Pids{getpid(), getpid()}).value();
  EXPECT_GT(two.rss, one.rss);
  EXPECT_GT(two.kernel, 0);
  EXPECT_FALSE(memory_of(Pids{getpid(), 0}));
  EXPECT_FALSE(cpu_seconds(Pids{getpid(), 0}));
}

TEST(ProcessTest, FindsTheChildrenOfAProcess) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  EXPECT_EQ(tree_of(getpid()), (Pids{getpid(), child}));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(ProcessTest, SeesHowManyFilesAProcessMayOpen) {
  EXPECT_GT(file_limit(getpid()).value(), 0u);
  EXPECT_EQ(file_limit(0), std::nullopt);
}

TEST(ProcessTest, SaysSoWhenThereIsNoSuchProcess) {
  EXPECT_FALSE(cpu_seconds(0)) << "which would be the caller's own clock";
  EXPECT_FALSE(memory_of(0));
}

TEST(ProcessTest, FindsTheProcessBehindAListeningPort) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  EXPECT_EQ(listening_process(ntohs(address.sin_port)), getpid());
  close(fd);
}

}  // namespace
}  // namespace weft::bench
