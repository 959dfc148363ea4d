// The calls of a running weft::Server that send nothing: each finds the loop that has to do it and
// brings an answer back, to a loop or to any other thread.
#include "app/embedded_ask.hpp"
#include "framework/stats.hpp"

namespace weft {
namespace {

/// The work of a program, where nobody could catch what it throws.
void run_work(net::Loop& loop, const std::function<void()>& work) {
  const net::Activity::Scope scope(loop.activity(), {.what = "posted work of the program"});
  try {
    work();
  } catch (...) {
    log::error("posted work threw: {}", framework::what_of(std::current_exception()));
  }
}

/// Keeps the function, and what it captured, for as long as its coroutine runs.
Task<void> run_task(std::function<Task<void>()> work) { co_await work(); }

}  // namespace

// --- connections

Answer<Result<void>> Server::close(ConnectionId id, CloseCode code, std::string reason) {
  if (!may_close_with(code, reason))
    return framework::known(Result<void>(make_error_code(NodeErrc::bad_close)));
  const Result<void> otherwise = make_error_code(NodeErrc::no_such_connection);
  return ask(*embedded_, otherwise, [&](Assembly& assembly, auto waiting) {
    assembly.node().close(loop_for(assembly, id), id, static_cast<std::uint16_t>(code),
                          std::move(reason), [waiting](error_code error) {
                            waiting->give(error ? Result<void>(error) : Result<void>());
                          });
  });
}

Answer<bool> Server::exists(ConnectionId id) {
  return ask(*embedded_, false, [&](Assembly& assembly, auto waiting) {
    assembly.node().connection(
        loop_for(assembly, id), id,
        [waiting](const std::optional<ConnectionInfo>& info) { waiting->give(info.has_value()); });
  });
}

Answer<std::optional<ConnectionInfo>> Server::connection(ConnectionId id) {
  const std::optional<ConnectionInfo> nobody;
  return ask(*embedded_, nobody, [&](Assembly& assembly, auto waiting) {
    assembly.node().connection(
        loop_for(assembly, id), id,
        [waiting](std::optional<ConnectionInfo> info) { waiting->give(std::move(info)); });
  });
}

Answer<Result<Page<ConnectionInfo>>> Server::connections(Cursor from, std::size_t limit) {
  using Listed = Result<Page<ConnectionInfo>>;
  ConnectionId after = ConnectionId::none;
  if (!from.empty()) {
    const auto id = parse_connection_id(from);
    if (!id) return framework::known(Listed(StorageErrc::bad_cursor));
    after = *id;
  }
  return ask(*embedded_, Listed(Page<ConnectionInfo>()), [&](Assembly& assembly, auto waiting) {
    assembly.node().connections(some_loop(assembly), after, limit,
                                [waiting](ConnectionPage listed) {
                                  Page<ConnectionInfo> page;
                                  if (listed.more && !listed.items.empty())
                                    page.next = to_string(listed.items.back().id);
                                  page.items = std::move(listed.items);
                                  waiting->give(std::move(page));
                                });
  });
}

namespace {

Answer<bool> hold(Embedded& embedded, ConnectionId id, bool held) {
  return ask(embedded, false, [&](Assembly& assembly, auto waiting) {
    assembly.node().hold(loop_for(assembly, id), id, held,
                         [waiting](error_code error) { waiting->give(!error); });
  });
}

}  // namespace

Answer<bool> Server::pause(ConnectionId id) { return hold(*embedded_, id, true); }
Answer<bool> Server::resume(ConnectionId id) { return hold(*embedded_, id, false); }

Cluster& Server::cluster() { return embedded_->cluster(); }

std::size_t Server::count() const {
  Assembly* const assembly = embedded_->running();
  return assembly ? assembly->node().connections() : 0;
}

// --- time, threads, numbers

TimerId Server::tick(std::chrono::milliseconds period, std::function<void()> work) {
  return embedded_->assembly().timers().tick(period, std::move(work));
}

TimerId Server::after(std::chrono::milliseconds time, std::function<void()> work) {
  return embedded_->assembly().timers().after(time, std::move(work));
}

void Server::clear(TimerId timer) { embedded_->assembly().timers().clear(timer); }

void Server::post(std::function<void()> work) {
  net::Loop& loop = some_loop(embedded_->assembly());
  loop.post([&loop, work = std::move(work)] { run_work(loop, work); });
}

void Server::post_to_every_loop(std::function<void()> work) {
  for (auto& loop : embedded_->assembly().loops())
    loop->post([&loop = *loop, work] { run_work(loop, work); });
}

void Server::spawn(std::function<Task<void>()> work) {
  Assembly& assembly = embedded_->assembly();
  net::Loop& loop = some_loop(assembly);
  loop.post([&assembly, &loop, work = std::move(work)]() mutable {
    Task<void> task = run_task(std::move(work));
    const auto on_end = [](const framework::Coroutines::Outcome& outcome) {
      if (outcome.error) log::error("a coroutine threw: {}", framework::what_of(outcome.error));
    };
    assembly.rooms(loop).framework().coroutines().spawn(std::move(task), on_end);
  });
}

void Server::submit(std::function<void()> work, std::function<void(error_code)> failed,
                    TaskOptions options) {
  Assembly* const assembly = embedded_->running();
  if (!assembly) return failed(TaskErrc::stopped);
  assembly->tasks().submit(std::move(work), std::move(failed), options.timeout);
}

std::map<std::string, double> Server::stats() const {
  Assembly* const assembly = embedded_->running();
  if (!assembly) return {};
  return framework::stats_of(assembly->metrics(), assembly->node().status());
}

std::string Server::stats(StatsFormat format) const {
  if (format == StatsFormat::json) return framework::to_json(stats());
  Assembly* const assembly = embedded_->running();
  return assembly ? assembly->metrics().openmetrics() : "# EOF\n";
}

Server& Server::add_process(std::string name, std::function<int(ProcessContext&)> body) {
  embedded_->application().processes.add(std::move(name), std::move(body));
  return *this;
}

}  // namespace weft
