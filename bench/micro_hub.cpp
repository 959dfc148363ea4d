// The hub, one step at a time: finding a channel among a thousand and a million, joining and
// leaving, and the fan-out walk. What a million sessions cost in memory prints bench/hub_million.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "fake_sessions.hpp"
#include "hub/shard.hpp"

namespace weft {
namespace {

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> made(count);
  for (std::size_t i = 0; i < count; ++i) made[i] = fmt::format("channel:{}", i);
  return made;
}

/// Channels with one member each, asked for in no order that memory knows.
void find_channel(benchmark::State& state) {
  const auto all = names(static_cast<std::size_t>(state.range(0)));
  hub::ChannelTable table;
  for (const std::string& name : all) table.find_or_make(hub::ChannelKey(name));
  std::size_t at = 0;
  for (auto _ : state) {
    at = (at + 7'919) % all.size();
    benchmark::DoNotOptimize(table.find(hub::ChannelKey(all[at])));
  }
}
BENCHMARK(find_channel)->Arg(1'000)->Arg(1'000'000);

/// A session that stands in `channels` others joins and leaves a channel of `members` others.
void join_and_leave(benchmark::State& state) {
  hub::Shard shard([](hub::Channel&, bool) {});
  FakeSessions sessions(static_cast<std::size_t>(state.range(0)) + 1);
  for (std::size_t i = 1; i < sessions.size(); ++i) shard.subscribe(sessions[i], "room");
  for (const std::string& name : names(static_cast<std::size_t>(state.range(1))))
    shard.subscribe(sessions[0], name);
  for (auto _ : state) {
    shard.subscribe(sessions[0], "room");
    shard.unsubscribe(sessions[0], "room");
  }
  for (std::size_t i = 0; i < sessions.size(); ++i) shard.unsubscribe_all(sessions[i]);
}
BENCHMARK(join_and_leave)
    ->ArgNames({"members", "channels"})
    ->ArgsProduct({{0, 1'000, 1'000'000}, {0, 9, 1'000}});

/// One item = one member.
void fan_out_walk(benchmark::State& state) {
  hub::Shard shard([](hub::Channel&, bool) {});
  FakeSessions sessions(static_cast<std::size_t>(state.range(0)));
  for (std::size_t i = 0; i < sessions.size(); ++i)
    shard.subscribe(sessions[i * 7'919 % sessions.size()], "room");
  const hub::Publication publication{
      .channel = "room", .data = {}, .ws_frame = SharedBytes::copy_of("a frame")};
  for (auto _ : state) benchmark::DoNotOptimize(shard.deliver(publication));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  for (std::size_t i = 0; i < sessions.size(); ++i) shard.unsubscribe_all(sessions[i]);
}
BENCHMARK(fan_out_walk)->Arg(1'000)->Arg(10'000)->Arg(1'000'000);

}  // namespace
}  // namespace weft
