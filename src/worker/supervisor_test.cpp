// The supervisor with real processes: every test waits for what the processes say, never for time
// to pass.
#include "worker/supervisor.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace weft::worker {
namespace {

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() {
    options.restart = {.first = Millis{1}, .longest = Millis{5}, .healthy = Millis{60'000}};
    options.on_line = [this](const std::string& worker, std::string_view line) {
      lines.push_back(worker + " " + std::string(line));
      if (on_line) on_line(lines.back());
    };
  }

  /// Runs until `act` was called for a line and the workers were stopped.
  void run(std::vector<WorkerSpec> specs) {
    Supervisor supervised(loop, std::move(specs), options);
    supervisor = &supervised;
    loop.post([this] { supervisor->start(); });
    loop.run();
    supervisor = nullptr;
  }
  void stop() {
    supervisor->stop([this] { loop.stop(); });
  }

  metrics::Registry metrics;
  net::Loop loop{0, 1, metrics};
  SupervisorOptions options;
  Supervisor* supervisor = nullptr;
  std::vector<std::string> lines;
  std::function<void(const std::string&)> on_line;
};

/// False also for a process that has ended and waits for its parent to ask.
bool is_alive(pid_t pid) {
  std::string stat;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
  const std::size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat[name_end + 2] != 'Z';
}

TEST_F(SupervisorTest, LinesOfOutputAndErrorCarryTheWorkersName) {
  on_line = [this](const std::string&) {
    if (lines.size() == 2) stop();
  };
  run({{.name = "app", .command = "echo out; echo err >&2; exec sleep 1000"}});
  EXPECT_EQ(lines, (std::vector<std::string>{"app#1 out", "app#1 err"}));
}

TEST_F(SupervisorTest, TheLastWordsOfAProcessAreHeard) {
  on_line = [this](const std::string& line) {
    if (line == "app#1 last") stop();
  };
  run({{.name = "app", .command = "echo first; printf last"}});
  EXPECT_EQ(lines[0], "app#1 first");
  EXPECT_EQ(lines[1], "app#1 last");
}

TEST_F(SupervisorTest, ItsEnvironmentAndDirectoryAreAsSaid) {
  on_line = [this](const std::string&) { stop(); };
  run({{.name = "app",
        .command = "echo $WEFT_WORKER_NAME $WEFT_WORKER_NUMBER $A $PWD; exec sleep 1000",
        .directory = "/",
        .environment = {{"A", "x y"}}}});
  EXPECT_EQ(lines[0], "app#1 app 1 x y /");
}

TEST_F(SupervisorTest, AProcessThatEndsIsStartedAgain) {
  on_line = [this](const std::string&) {
    if (lines.size() == 3) stop();
  };
  run({{.name = "app", .command = "echo up; exit 3"}});
  EXPECT_GE(lines.size(), 3u);
}

TEST_F(SupervisorTest, EveryCopyIsStarted) {
  on_line = [this](const std::string&) {
    if (lines.size() == 3) stop();
  };
  run({{.name = "app", .command = "echo $WEFT_WORKER_NUMBER; exec sleep 1000", .count = 3}});
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, (std::vector<std::string>{"app#1 1", "app#2 2", "app#3 3"}));
}

TEST_F(SupervisorTest, StoppingTakesWhatTheWorkerStartedAlong) {
  on_line = [this](const std::string&) { stop(); };
  run({{.name = "app", .command = "sleep 1000 & echo $!; wait"}});
  const auto grandchild = static_cast<pid_t>(std::stoi(lines.at(0).substr(6)));
  while (is_alive(grandchild)) std::this_thread::yield();
}

TEST_F(SupervisorTest, AWorkerMayTidyUpOnSigterm) {
  on_line = [this](const std::string& line) {
    if (line == "app#1 up") stop();
  };
  run({{.name = "app",
        .command = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done"}});
  EXPECT_EQ(lines.back(), "app#1 bye");
}

TEST_F(SupervisorTest, AWorkerThatIgnoresSigtermIsKilledAfterTheGrace) {
  options.grace = Millis{20};
  pid_t pid = 0;
  on_line = [&](const std::string&) {
    pid = supervisor->status()[0].pid;
    stop();
  };
  run({{.name = "app", .command = "trap '' TERM; echo up; while :; do sleep 0.01; done"}});
  EXPECT_FALSE(is_alive(pid));
}

TEST_F(SupervisorTest, RestartGivesANewProcess) {
  pid_t first = 0;
  on_line = [&](const std::string&) {
    if (lines.size() == 1) {
      first = supervisor->status()[0].pid;
      supervisor->restart();
    } else {
      EXPECT_NE(supervisor->status()[0].pid, first);
      EXPECT_EQ(supervisor->status()[0].restarts, 1u);
      stop();
    }
  };
  run({{.name = "app", .command = "echo up; exec sleep 1000"}});
}

TEST_F(SupervisorTest, AFolderThatIsNotThereIsTriedAgainNotFatal) {
  Supervisor broken(loop, {{.name = "app", .command = "true", .directory = "/nowhere"}}, options);
  broken.start();
  EXPECT_EQ(broken.status()[0].pid, 0);
  bool stopped = false;
  broken.stop([&] { stopped = true; });
  EXPECT_TRUE(stopped);
}

TEST_F(SupervisorTest, NoWorkerOutlivesItsSupervisorsProcess) {
  // A child of ours supervises a worker, tells us the worker's pid, and is killed without a chance
  // to tidy up.
  int channel[2];
  ASSERT_EQ(::pipe(channel), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    options.on_line = [&](const std::string&, std::string_view line) {
      [[maybe_unused]] const ssize_t told = ::write(channel[1], line.data(), line.size());
      ::raise(SIGKILL);
    };
    net::Loop own(0, 1, metrics);
    Supervisor supervised(own, {{.name = "app", .command = "echo $$; exec sleep 1000"}}, options);
    own.post([&] { supervised.start(); });
    own.run();
    ::_exit(1);
  }
  ::close(channel[1]);
  std::string digits;
  char byte;
  while (::read(channel[0], &byte, 1) == 1) digits += byte;
  ::close(channel[0]);
  ::waitpid(child, nullptr, 0);
  ASSERT_FALSE(digits.empty());
  const auto worker = static_cast<pid_t>(std::stoi(digits));
  while (is_alive(worker)) std::this_thread::yield();
}

}  // namespace
}  // namespace weft::worker
