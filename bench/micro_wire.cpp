// The codecs of the client port, one step at a time: what a message or a handshake costs before and
// after the kernel. build/release/bench/micro --benchmark_min_time=0.5
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "wire/http/request_head.hpp"
#include "wire/ws/deflate.hpp"
#include "wire/ws/handshake.hpp"
#include "wire/ws/test_frames.hpp"
#include "wire/ws/utf8.hpp"

namespace weft::ws {
namespace {

/// Counts, so that the compiler cannot leave anything out.
struct CountingSink : DecoderSink {
  std::size_t messages = 0, payload_bytes = 0;
  bool on_message(Opcode, std::span<const std::byte> payload) override {
    ++messages;
    payload_bytes += payload.size();
    return true;
  }
  bool on_ping(std::span<const std::byte>) override { return true; }
  bool on_pong(std::span<const std::byte>) override { return true; }
  bool on_close(std::uint16_t, std::string_view) override { return true; }
};

std::string ascii(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "{\"event\":\"message\",\"room\":17} ";
  return text.substr(0, size);
}

std::string mixed(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "Привет, мир; 日本語 and plain words 🙂. ";
  while (!is_utf8(as_bytes(text.substr(0, size)))) --size;
  return text.substr(0, size);
}

void count_bytes(benchmark::State& state, std::size_t per_turn) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * per_turn));
}

void parse_one_header(benchmark::State& state) {
  const Bytes in = from_client(Opcode::text, ascii(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(parse_header(in));
}
BENCHMARK(parse_one_header)->Arg(64)->Arg(4096);

void unmask(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0)),
             start = static_cast<std::size_t>(state.range(1));
  Bytes payload(size + start);
  for (auto _ : state) {
    apply_mask(std::span(payload).subspan(start), kTestKey, 0);
    benchmark::ClobberMemory();
  }
  count_bytes(state, size);
}
// Aligned, and behind the header of a frame.
BENCHMARK(unmask)->ArgNames({"bytes", "from"})->ArgsProduct({{16, 64, 125, 4096, 65536}, {0, 6}});

void utf8(benchmark::State& state, std::string (*make)(std::size_t)) {
  const std::string text = make(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(is_utf8(as_bytes(text)));
  count_bytes(state, text.size());
}
BENCHMARK_CAPTURE(utf8, ascii, ascii)->Arg(16)->Arg(64)->Arg(4096)->Arg(65536);
BENCHMARK_CAPTURE(utf8, mixed, mixed)->Arg(64)->Arg(4096)->Arg(65536);

/// The whole way of masked text frames, `batch` of them in one read.
void decode(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0)),
             batch = static_cast<std::size_t>(state.range(1));
  Bytes clean;
  for (std::size_t i = 0; i < batch; ++i)
    clean = join({clean, from_client(Opcode::text, ascii(size))});
  Bytes in = clean;
  const DecoderLimits limits;
  CountingSink sink;
  Decoder decoder;
  for (auto _ : state) {
    std::copy(clean.begin(), clean.end(), in.begin());  // feed() unmasks in place
    decoder.feed(in, limits, nullptr, sink);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(sink.messages));
  count_bytes(state, clean.size());
}
BENCHMARK(decode)->Args({64, 1})->Args({64, 16})->Args({4096, 1})->Args({65536, 1});

void encode(benchmark::State& state) {
  const std::string text = ascii(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(encode_frame(Opcode::text, as_bytes(text)));
}
BENCHMARK(encode)->Arg(64)->Arg(1024);

void deflate(benchmark::State& state) {
  const std::string text = ascii(static_cast<std::size_t>(state.range(0)));
  Deflater deflater(15, false, static_cast<int>(state.range(1)));
  std::size_t packed = 0;
  for (auto _ : state) packed = deflater.compress(as_bytes(text)).size();
  state.counters["packed_bytes"] = static_cast<double>(packed);
  count_bytes(state, text.size());
}
BENCHMARK(deflate)
    ->ArgNames({"bytes", "level"})
    ->Args({128, 1})
    ->Args({128, 6})
    ->Args({4096, 1})
    ->Args({4096, 6});

void inflate(benchmark::State& state) {
  const std::string text = ascii(static_cast<std::size_t>(state.range(0)));
  Deflater deflater;
  const auto packed = deflater.compress(as_bytes(text));
  Inflater inflater;
  for (auto _ : state) benchmark::DoNotOptimize(inflater.inflate(packed, 1 << 20));
  count_bytes(state, text.size());
}
BENCHMARK(inflate)->Arg(128)->Arg(4096);

constexpr std::string_view kUpgrade =
    "GET /chat?token=abcdef HTTP/1.1\r\nHost: chat.example.com\r\nConnection: Upgrade\r\nPragma: "
    "no-cache\r\n"
    "Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 "
    "Chrome/120.0 Safari/537.36\r\n"
    "Upgrade: websocket\r\nOrigin: https://chat.example.com\r\nSec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\nSec-WebSocket-Key: "
    "dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

void parse_upgrade_head(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(http::parse_request_head(kUpgrade, {}));
  count_bytes(state, kUpgrade.size());
}
BENCHMARK(parse_upgrade_head);

void answer_key(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(accept_key("dGhlIHNhbXBsZSBub25jZQ=="));
}
BENCHMARK(answer_key);

void negotiate(benchmark::State& state) {
  const std::string_view headers[] = {"permessage-deflate; client_max_window_bits"};
  for (auto _ : state) benchmark::DoNotOptimize(negotiate_deflate(headers, {}));
}
BENCHMARK(negotiate);

}  // namespace
}  // namespace weft::ws
