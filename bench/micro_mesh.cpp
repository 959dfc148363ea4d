// What a packet between nodes costs before and after the broker: one publication of so many bytes,
// and of that the checksum. build/release/bench/micro --benchmark_filter=packet
#include <benchmark/benchmark.h>

#include <string>

#include "base/bytes.hpp"
#include "base/crc32c.hpp"
#include "wire/mesh/packet.hpp"

namespace weft::mesh {
namespace {

void packet_checksum(benchmark::State& state) {
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(crc32c(as_bytes(body)));
}
BENCHMARK(packet_checksum)->Arg(256)->Arg(65536);

void write_publication(PacketWriter& writer, const std::string& body) {
  writer.clear();
  Envelope envelope{.kind = Kind::publication, .order = 17, .name = "room"};
  envelope.body = body;
  writer.add(envelope);
}

void packet_write(benchmark::State& state) {
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  PacketWriter writer;
  for (auto _ : state) {
    write_publication(writer, body);
    benchmark::DoNotOptimize(writer.finish({.sender = 1, .number = 2}));
  }
}
BENCHMARK(packet_write)->Arg(256);

void packet_read(benchmark::State& state) {
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  PacketWriter writer;
  write_publication(writer, body);
  const std::string bytes(writer.finish({.sender = 1, .number = 2}));
  Envelope envelope;
  for (auto _ : state) {
    PacketReader reader(as_bytes(bytes));
    benchmark::DoNotOptimize(reader.next(envelope));
  }
}
BENCHMARK(packet_read)->Arg(256);

}  // namespace
}  // namespace weft::mesh
