// The version of weft, the same as in CMakeLists.txt (a test compares them).
#pragma once

namespace weft {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace weft
