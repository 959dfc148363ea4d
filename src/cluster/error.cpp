#include "cluster/node_store.hpp"

namespace weft::cluster {

error_code make_error_code(StoreErrc error) {
  static const struct : boost::system::error_category {
    const char* name() const noexcept override { return "cluster store"; }
    std::string message(int code) const override {
      switch (StoreErrc{code}) {
        case StoreErrc::unavailable:
          return "the cluster's store cannot be reached";
        case StoreErrc::timed_out:
          return "the cluster's store did not answer in time";
        case StoreErrc::slot_taken:
          return "this slot belongs to another node, or to one that died a moment ago";
        case StoreErrc::no_free_slot:
          return "no slot is free: 4096 nodes have one";
        case StoreErrc::lease_lost:
          return "the cluster's store does not know this node any more";
        case StoreErrc::buried:
          return "the other nodes have declared this one dead";
      }
      return "unknown error of the cluster's store";
    }
  } category;
  return {static_cast<int>(error), category};
}

}  // namespace weft::cluster
