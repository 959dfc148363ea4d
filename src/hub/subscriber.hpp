// Subscriber: who stands in channels. Declared here, implemented by session/session.cpp.
#pragma once
#include <cstdint>
#include <string>

#include "base/shared_bytes.hpp"
#include "hub/memberships.hpp"
#include "weft/types.hpp"

namespace weft::hub {

/// What was published: unchanged while loops deliver it, gone when the last one has.
struct Publication {
  std::string channel;
  DataType type = DataType::text;
  SharedBytes data;
  SharedBytes ws_frame;  ///< the finished WebSocket frame of `data`, equal for every receiver
  /// `data` is the JSON envelope {event, data}: dialects with another codec encode it their way.
  bool is_event = false;
};

/// A publication on its way through one loop: what is made once per loop lies here.
struct Delivery {
  const Publication& publication;
  SharedBytes deflated_frame = {};  ///< filled by the first receiver that wants it compressed
};

class Subscriber {
 public:
  virtual ~Subscriber() = default;
  /// false = it could not be queued: counted as a failure of the publication. Must not join or
  /// leave channels.
  virtual bool deliver(Delivery& delivery) = 0;
  /// Whose it is; none = not a client's.
  virtual ConnectionId connection_id() const { return ConnectionId::none; }

  std::size_t channels() const { return memberships_.size(); }
  /// What its places hold on the heap beside the subscriber itself.
  std::size_t heap_bytes() const { return memberships_.heap_bytes(); }

 private:
  friend class Shard;
  Memberships memberships_;
};

}  // namespace weft::hub
