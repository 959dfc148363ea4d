// What all connections of one loop share: compression without context, the ping, and what they
// count.
#pragma once
#include "base/metrics.hpp"
#include "base/shared_bytes.hpp"
#include "wire/ws/deflate.hpp"

namespace weft::transport {

struct Counters {
  explicit Counters(metrics::Registry& metrics);

  metrics::Counter &messages_in, &messages_out, &bytes_in, &bytes_out;
  metrics::Counter &dropped_oldest, &dropped_slow;
  metrics::Counter &closed_slow, &closed_node_full, &closed_no_pong, &closed_silent, &closed_rate,
      &closed_protocol;
  metrics::Counter &rejected_timeout, &rejected_http, &rejected_key, &rejected_version;
  metrics::Counter& upgraded;
};

struct Codecs {
  explicit Codecs(metrics::Registry& metrics);

  ws::Inflater inflater;
  ws::Deflater deflater;
  Counters counters;
  const SharedBytes ping;  ///< the frame that asks a silent client; the same for all
};

}  // namespace weft::transport
