// JSON as it passes a node: requests of the worker API, events as the client library reads them,
// and an envelope {"event":…,"data":…} as applications send it.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <boost/json/parse.hpp>
#include <string>

#include "client/incoming.hpp"
#include "wire/connmix/request.hpp"

namespace weft {
namespace {

constexpr std::string_view kPublish =
    R"({"m":"mesh.publish","p":{"c":"room:1024","d":"{\"event\":\"message\",\"text\":\"hi there\"}"},"i":17})";
constexpr std::string_view kSend =
    R"({"method":"mesh.send","params":{"client_id":1463819408261513216,"data":"received: x"},"id":0})";
constexpr std::string_view kEvent =
    R"({"e":"queue.pop","p":{"n":"n1","c":"1463819408261513216","t":"chat","d":{"event":"message","frame":{"type":"text","data":"hello","finish":true}},"j":"17","k":1},"id":null})";
constexpr std::string_view kEnvelope =
    R"({"event":"message","data":{"room":"lobby","user":10001,"text":"Hello to everybody here"}})";

void count_bytes(benchmark::State& state, std::size_t per_turn) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * per_turn));
}

void parse_request(benchmark::State& state, std::string_view text) {
  for (auto _ : state) benchmark::DoNotOptimize(connmix::parse_request(text));
  count_bytes(state, text.size());
}
BENCHMARK_CAPTURE(parse_request, publish, kPublish);
BENCHMARK_CAPTURE(parse_request, send, kSend);

void read_event(benchmark::State& state) {
  client::IncomingReader reader;
  for (auto _ : state) benchmark::DoNotOptimize(reader.read(kEvent));
  count_bytes(state, kEvent.size());
}
BENCHMARK(read_event);

/// The name of the event alone, as a script's parser would look it up.
void envelope_simdjson(benchmark::State& state) {
  simdjson::ondemand::parser parser;
  std::string padded(kEnvelope);
  padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
  for (auto _ : state) {
    simdjson::ondemand::document document;
    std::string_view event, text;
    if (parser.iterate(padded).get(document) || document["event"].get(event) ||
        document["data"]["text"].get(text))
      state.SkipWithError("the envelope is not read");
    benchmark::DoNotOptimize(event);
    benchmark::DoNotOptimize(text);
  }
  count_bytes(state, kEnvelope.size());
}
BENCHMARK(envelope_simdjson);

/// A whole value, as a context is kept.
void envelope_boost_json(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(boost::json::parse(kEnvelope));
  count_bytes(state, kEnvelope.size());
}
BENCHMARK(envelope_boost_json);

}  // namespace
}  // namespace weft
