// Timers, tasks, posts, numbers and processes; and what a listener that blocks does to others.
#include <sys/wait.h>

#include <cstdlib>
#include <future>
#include <set>

#include "server_test.hpp"

namespace weft::test {
namespace {

class WorkTest : public ServerTest {
 protected:
  WorkTest() {
    server_.events().on("TASK", [this](Connection& sender, const Message&) -> Task<void> {
      const std::function<int()> work = [] { return 42; };
      const Result<int> result = co_await server_.task(work);
      sender.send("TASK", *result);
    });
    server_.events().on("BLOCK", [this](Connection& sender, const Message&) {
      block_.get_future().wait();
      sender.send("BLOCKED");
    });
  }
  std::promise<void> block_;
};

TEST_F(WorkTest, TicksComeAgainUntilClearedAndAftersOnce) {
  server_.start();
  std::atomic<int> ticks = 0, afters = 0;
  const TimerId tick = server_.tick(milliseconds(1), [&] { ++ticks; });
  server_.after(milliseconds(1), [&] { ++afters; });
  wait_until([&] { return ticks >= 3 && afters == 1; });
  server_.clear(tick);
  std::promise<void> cleared;
  server_.after(milliseconds(5), [&] { cleared.set_value(); });
  cleared.get_future().get();
  const int then = ticks;
  std::promise<void> later;
  server_.after(milliseconds(20), [&] { later.set_value(); });
  later.get_future().get();
  EXPECT_EQ(ticks, then);
  EXPECT_EQ(afters, 1);
}

TEST_F(WorkTest, ATimerThatThrowsIsCountedAndNothingElseHappens) {
  server_.start();
  const TimerId tick = server_.tick(milliseconds(1), [] { throw std::runtime_error("in a tick"); });
  wait_until([&] { return stat("weft_timer_exceptions_total") >= 2; });
  server_.clear(tick);
  EXPECT_NE(log().find("in a tick"), std::string::npos);
}

TEST_F(WorkTest, TimersMayBeSetWhileTheServerStarts) {
  std::promise<void> ran;
  server_.lifecycle().on<StartServer>([&](const StartServer& start) {
    start.server.after(milliseconds(1), [&] { ran.set_value(); });
  });
  server_.start();
  ran.get_future().get();
}

TEST_F(WorkTest, TasksGiveTheirResultToThreadsAndToListeners) {
  server_.start();
  EXPECT_EQ(server_.task([] { return std::string("done"); }).get().value(), "done");
  EXPECT_TRUE(server_.task([] {}).get());
  const Client client = connect();
  client->say("TASK");
  EXPECT_EQ(client->hear_event(), "TASK 42");
}

TEST_F(WorkTest, ATaskWithoutAResultSaysWhy) {
  server_.start();
  EXPECT_EQ(server_.task([]() -> int { throw std::runtime_error("no disk"); }).get().error(),
            TaskErrc::threw);
  std::promise<void> free;
  const TaskOptions hurry{.timeout = milliseconds(1)};
  auto late = server_.task([waits = free.get_future().share()] { return waits.wait(), 1; }, hurry);
  EXPECT_EQ(late.get().error(), TaskErrc::timed_out);
  free.set_value();
  EXPECT_NE(log().find("no disk"), std::string::npos);
}

TEST_F(WorkTest, ManyTasksShareADeadlineAndKeepTheirOrder) {
  server_.start();
  std::promise<void> free;
  std::vector<std::function<int()>> works;
  works.push_back([] { return 1; });
  works.push_back([waits = free.get_future().share()] { return waits.wait(), 2; });
  works.push_back([]() -> int { throw std::runtime_error("three"); });
  const auto results = server_.task_all(works, {.timeout = milliseconds(300)}).get();
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].value(), 1);
  EXPECT_EQ(results[1].error(), TaskErrc::timed_out);
  EXPECT_EQ(results[2].error(), TaskErrc::threw);
  free.set_value();
  EXPECT_TRUE(server_.task_all(std::vector<std::function<int()>>()).get().empty());
}

TEST_F(WorkTest, PostsRunOnALoopAndOnEveryLoopOnce) {
  server_.start();
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::atomic<unsigned> ran = 0;
  const auto note = [&] {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    ++ran;
  };
  server_.post_to_every_loop(note);
  wait_until([&] { return ran == kLoops; });
  EXPECT_EQ(threads.size(), kLoops);
  server_.post([] { throw std::runtime_error("posted"); });
  server_.post(note);
  wait_until([&] { return ran == kLoops + 1; });
  EXPECT_EQ(threads.size(), kLoops);
}

TEST_F(WorkTest, SpawnedCoroutinesRunOnALoopAndMayThrow) {
  server_.start();
  std::promise<std::size_t> counted;
  server_.spawn([&]() -> Task<void> {
    co_await sleep(milliseconds(1));
    const auto page = co_await server_.connections();
    counted.set_value(page->items.size());
    throw std::runtime_error("out of a coroutine");
  });
  EXPECT_EQ(counted.get_future().get(), 0u);
  wait_until([&] { return log().find("out of a coroutine") != std::string::npos; });
}

TEST_F(WorkTest, StatsAreAMapJsonAndOpenMetrics) {
  server_.start();
  const auto clients = connect_on_every_loop();
  const double connected = static_cast<double>(clients.size() + clients_.size());
  wait_until([&] { return stat("connection_num") == connected; });
  EXPECT_EQ(stat("weft_connections"), connected);
  EXPECT_GE(stat("accept_count"), connected);
  EXPECT_EQ(stat("worker_num"), kLoops);
  EXPECT_GE(stat("request_count"), connected);
  const auto json = boost::json::parse(server_.stats(StatsFormat::json));
  EXPECT_EQ(json.at("connection_num").to_number<double>(), connected);
  const std::string text = server_.stats(StatsFormat::openmetrics);
  EXPECT_NE(text.find("# TYPE weft_connections gauge\n"), std::string::npos);
  EXPECT_NE(text.find("# TYPE weft_connections_opened counter\nweft_connections_opened_total "),
            std::string::npos);
  EXPECT_TRUE(text.ends_with("# EOF\n"));
}

TEST_F(WorkTest, AListenerThatBlocksIsToldOfAndStopsNoOtherLoop) {
  server_.start();
  const auto clients = connect_on_every_loop();
  const auto start = std::chrono::steady_clock::now();
  clients[1]->say("BLOCK");
  int answered = 0;
  while (std::chrono::steady_clock::now() - start < milliseconds(250)) {
    clients[0]->say("ECHO", answered);
    ASSERT_EQ(clients[0]->hear_event(), "ECHO " + std::to_string(answered));
    ++answered;
  }
  block_.set_value();
  EXPECT_EQ(clients[1]->hear_event(), "BLOCKED null");
  EXPECT_GT(answered, 0);
  wait_until([&] { return stat("weft_loop_blocked_total") >= 1; });
  wait_until([&] { return log().find("stood still for") != std::string::npos; });
  EXPECT_NE(log().find("listener of event \"BLOCK\" of connection " + to_string(clients[1].id)),
            std::string::npos)
      << log();
}

// --- processes: this program is started again by its own server

std::string mark_file() { return std::getenv("WEFT_TEST_MARK"); }

int write_mark(ProcessContext& context) {
  {
    std::ofstream mark(mark_file(), std::ios::app);
    mark << ::getpid() << " " << context.directory() << "\n";
  }
  while (!context.wait(std::chrono::hours(1))) {
  }
  std::ofstream(mark_file(), std::ios::app) << "stopped\n";
  return 0;
}

std::vector<std::string> marks() {
  std::vector<std::string> lines;
  std::ifstream file(mark_file());
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

TEST_F(WorkTest, AProcessRunsBesideTheServerIsStartedAgainAndStopsWithIt) {
  const std::string mark = log_ + ".mark";
  ::setenv("WEFT_TEST_MARK", mark.c_str(), 1);
  std::filesystem::remove(mark);
  {
    Server server(options(log_));
    server.add_process("marker", write_mark);
    server.start();
    wait_until([] { return marks().size() == 1; });
    EXPECT_TRUE(marks()[0].ends_with(" 127.0.0.1:" + std::to_string(server.ports().directory)));
    ::kill(std::stoi(marks()[0]), SIGKILL);
    wait_until([] { return marks().size() == 2; });
    EXPECT_NE(marks()[0], marks()[1]) << "another process";
    server.stop();
    server.join();
  }
  EXPECT_EQ(marks().back(), "stopped");
  std::filesystem::remove(mark);
  ::unsetenv("WEFT_TEST_MARK");
}

}  // namespace

int run_as_process() {
  Server server(ServerOptions{});
  server.add_process("marker", write_mark);
  return server.run();
}

}  // namespace weft::test

int main(int argc, char** argv) {
  if (std::getenv("WEFT_PROCESS")) return weft::test::run_as_process();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
