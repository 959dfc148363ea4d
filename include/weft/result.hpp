// Result<T>: a value or an error_code. Everything a peer can cause travels in one of these;
// exceptions belong to start-up and configuration.
#pragma once
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace weft {

using boost::system::error_code;

template <class T>
using Result = boost::system::result<T>;

}  // namespace weft
