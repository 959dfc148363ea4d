// Our options as those of libnats.
#pragma once
#include <nats/nats.h>

#include <memory>
#include <string>

#include "driver/nats/client.hpp"

namespace weft::nats {

/// Of one subscription, between libnats' two threads; what comes above it is lost.
constexpr std::size_t kMaxUndelivered = 64 << 20;

struct Settings {
  std::unique_ptr<natsOptions, decltype(&natsOptions_Destroy)> options{nullptr,
                                                                       &natsOptions_Destroy};
  std::string error;  ///< "" = fine; what it does not take, and why
};
Settings settings_of(const NatsOptions& options);

/// host:port
std::string connected_to(natsConnection* connection);

}  // namespace weft::nats
