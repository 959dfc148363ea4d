// The context of a session whose dialect keeps none of its own.
#pragma once
#include <boost/json/object.hpp>

#include "session/session.hpp"

namespace weft::session {

struct Context final : Attached {
  boost::json::object members;
};

}  // namespace weft::session
