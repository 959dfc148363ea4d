#include "driver/nats/client.hpp"

namespace weft::nats {

error_code make_error_code(NatsErrc error) {
  static const struct : boost::system::error_category {
    const char* name() const noexcept override { return "nats"; }
    std::string message(int code) const override {
      switch (NatsErrc{code}) {
        case NatsErrc::down:
          return "no connection to NATS";
        case NatsErrc::lost:
          return "the connection to NATS was lost";
        case NatsErrc::full:
          return "NATS does not take messages fast enough";
        case NatsErrc::too_large:
          return "larger than the greatest message of the NATS server";
        case NatsErrc::timed_out:
          return "NATS did not answer in time";
        case NatsErrc::no_responders:
          return "nobody at the NATS server serves this subject";
        case NatsErrc::refused:
          return "JetStream answered with an error";
        case NatsErrc::stopped:
          return "the NATS client was stopped";
      }
      return "unknown NATS error";
    }
  } category;
  return {static_cast<int>(error), category};
}

}  // namespace weft::nats
