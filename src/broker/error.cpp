#include "broker/broker.hpp"

namespace weft::broker {

error_code make_error_code(BrokerErrc error) {
  static const struct : boost::system::error_category {
    const char* name() const noexcept override { return "broker"; }
    std::string message(int code) const override {
      switch (BrokerErrc{code}) {
        case BrokerErrc::down:
          return "no connection to the broker";
        case BrokerErrc::full:
          return "the broker does not take messages fast enough";
        case BrokerErrc::too_large:
          return "larger than the broker's greatest message";
        case BrokerErrc::stopped:
          return "the broker was stopped";
      }
      return "unknown broker error";
    }
  } category;
  return {static_cast<int>(error), category};
}

}  // namespace weft::broker
