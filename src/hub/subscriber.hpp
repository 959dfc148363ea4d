// Subscriber: who stands in channels. Declared here, implemented by session/session.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/shared_bytes.hpp"
#include "weft/types.hpp"

namespace weft::hub {

/// What was published: immutable, shared by every loop that delivers it.
struct Publication {
  std::string channel;
  DataType type = DataType::text;
  SharedBytes data;
  SharedBytes ws_frame;  ///< the finished WebSocket frame of `data`, equal for every receiver
};

/// A publication on its way through one loop: what is made once per loop lies here.
struct Delivery {
  const Publication& publication;
  SharedBytes deflated_frame = {};  ///< filled by the first receiver that wants it compressed
};

struct Channel;

/// A subscriber's place in one channel.
struct Membership {
  Channel* channel;
  std::uint32_t index;  ///< in the channel's members
};

class Subscriber {
 public:
  virtual ~Subscriber() = default;
  /// false = it could not be queued: counted as a failure of the publication. Must not join or
  /// leave channels.
  virtual bool deliver(Delivery& delivery) = 0;

  std::size_t channels() const { return memberships_.size(); }

 private:
  friend class Shard;
  std::vector<Membership> memberships_;
};

}  // namespace weft::hub
